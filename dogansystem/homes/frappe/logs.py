"""The log of a bench: `logs/dogansystem.log`, and the same of each site in its own folder, as Frappe's loggers write them.

`dogansystem_log_level` in a site's configuration (or the bench's common one) says how much. WARNING, what went wrong, is
the default as in Frappe's own loggers, because a line costs a tenth of a step; INFO, which is runs and workers too, is the
default in developer mode. DEBUG is each step, ERROR what nobody handled.
"""

import logging

import frappe

from dogansystem.engine.log import logger

MAX_SIZE = 5_000_000  # bytes of one file; a busy site with DEBUG fills Frappe's usual 100 KB in a second
MAX_FILES = 10


class SiteLog(logging.Handler):
	"""Writes where Frappe's logger of the site would. The site is that of the thread, else the one that came last."""

	site = ""

	def emit(self, record: logging.LogRecord) -> None:
		try:
			site = getattr(frappe.local, "site", None) or self.site
			told = logging.makeLogRecord(record.__dict__)
			told.msg, told.args = f"{record.getMessage()} site={site}", None
			frappe.logger("dogansystem", max_size=MAX_SIZE, file_count=MAX_FILES).handle(told)
		except Exception:
			self.handleError(record)


_handler = SiteLog()


def start() -> None:
	"""Log what is done for the site that this thread is connected to. May be called for each request."""
	_handler.site = frappe.local.site
	if _handler not in logger.handlers:
		logger.addHandler(_handler)
	conf = frappe.local.conf
	named = conf.get("dogansystem_log_level") or ("INFO" if conf.get("developer_mode") else "WARNING")
	level = logging.getLevelName(str(named).upper())
	if isinstance(level, int) and level != logger.level:
		logger.setLevel(level)
