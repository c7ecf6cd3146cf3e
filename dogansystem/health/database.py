"""What of the database server lets commits be lost, each with what to do: settings, replication, several writers.

Asked of the server itself, as the site's own user: that needs no privilege.
"""

from collections.abc import Iterator, Mapping

from dogansystem.engine.sentence import Sentence, _
from dogansystem.health.problem import Problem
from dogansystem.protocol import Database, Site
from dogansystem.store import writers

COMMITS, REPLICA, WRITER = "commits_at_risk", "replica_not_waited_for", "second_writer"
CODES = (COMMITS, REPLICA, WRITER)
AT_A_CRASH = frozenset({COMMITS, REPLICA})  # until then all goes on

SHORTEST_TIMEOUT = 60_000  # ms, below which a replica that is away for a moment is not waited for
_VARIABLES = (
	*("innodb_flush_log_at_trx_commit", "log_bin", "sync_binlog"),
	*("rpl_semi_sync_master_timeout", "rpl_semi_sync_master_wait_point"),
)
_STATUS = ("Slaves_connected", "Rpl_semi_sync_master_status")


def problems(site: Site) -> list[Problem]:
	"""Everything that is wrong with it; on SQLite nothing is asked."""
	db = site.database
	if db.dialect != "mariadb":
		return []
	found = {**_read(db, "VARIABLES", _VARIABLES), **_read(db, "STATUS", _STATUS)}
	return [*_settings(found), *_replication(found), *_writer(site, db)]


def _settings(found: Mapping[str, str]) -> Iterator[Problem]:
	flush = found.get("innodb_flush_log_at_trx_commit", "1")
	if flush != "1":
		text = _(
			"The database writes commits to its disk later (innodb_flush_log_at_trx_commit is {0}): a crash loses them."
		)
		yield Problem(COMMITS, Sentence(text, flush), _set("innodb_flush_log_at_trx_commit = 1"))
	elif found.get("log_bin") == "ON" and found.get("sync_binlog") != "1":
		text = _(
			"The database writes its binary log to the disk later (sync_binlog is {0}): after a crash its replicas may have"
			" commits that it has lost, or the other way round."
		)
		yield Problem(COMMITS, Sentence(text, found.get("sync_binlog")), _set("sync_binlog = 1"))


def _replication(found: Mapping[str, str]) -> Iterator[Problem]:
	replicas = int(found.get("Slaves_connected", 0))
	if not replicas:
		return
	if found.get("Rpl_semi_sync_master_status") != "ON":
		sentence = _(
			"A commit does not wait for a replica: if one takes over, what it has not got yet is lost."
		)
		remedy = _(
			"Set rpl_semi_sync_master_enabled = ON and, on the replicas, rpl_semi_sync_slave_enabled = ON; or never promote"
			" a replica of a server that may still be started."
		)
		yield Problem(REPLICA, Sentence(sentence), Sentence(remedy))
		return
	timeout = int(found.get("rpl_semi_sync_master_timeout", SHORTEST_TIMEOUT))
	if timeout < SHORTEST_TIMEOUT:
		text = _(
			"After {0} seconds without a replica a commit waits for none (rpl_semi_sync_master_timeout)."
		)
		remedy = _("Set rpl_semi_sync_master_timeout to an hour (3600000) or more.")
		yield Problem(REPLICA, Sentence(text, f"{timeout / 1000:g}"), Sentence(remedy))
	elif found.get("rpl_semi_sync_master_wait_point") != "AFTER_SYNC":
		sentence = _("Others see a commit before a replica has it (rpl_semi_sync_master_wait_point).")
		yield Problem(REPLICA, Sentence(sentence), _set("rpl_semi_sync_master_wait_point = AFTER_SYNC"))


def _writer(site: Site, db: Database) -> Iterator[Problem]:
	mine = writers.node(db)
	holder = mine and writers.holder(db, site.now(), site.settings().lease)
	if holder and holder != mine:
		text = _(
			"This process writes to the Galera node {0}, and workers to {1}: that loses commits and updates."
		)
		remedy = _("Send all clients, web and workers, to one node; the others are for when it fails.")
		yield Problem(WRITER, Sentence(text, mine, holder), Sentence(remedy))


def _set(line: str) -> Sentence:
	return Sentence(_("Set {0} in MariaDB's configuration."), line)


def _read(db: Database, kind: str, names: tuple[str, ...]) -> dict[str, str]:
	listed = ", ".join(f"'{name}'" for name in names)
	return dict(db.sql(f"SHOW GLOBAL {kind} WHERE Variable_name IN ({listed})"))
