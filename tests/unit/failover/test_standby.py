"""What a server says that takes nothing for now is told apart from what is wrong with a statement."""

import pymysql
import pytest

from dogansystem.homes.databases.address import MariaDBServer
from dogansystem.homes.databases.mariadb import MariaDB

SAID = "The MariaDB server is running with the {} option so it cannot execute this statement"


@pytest.mark.parametrize(
	("code", "text", "is_lost"),
	[
		(1290, SAID.format("--read-only"), True),
		(1290, SAID.format("--secure-file-priv"), False),
		(1836, "Running in read-only mode", True),
		(1047, "WSREP has not yet prepared node for application use", True),
		(1047, "Unknown command", False),
		(1062, "Duplicate entry '--read-only' for key 'PRIMARY'", False),
		(2013, "Lost connection to MySQL server during query", True),
	],
)
def test_errors_after_which_a_worker_connects_again(code: int, text: str, is_lost: bool):
	database = MariaDB(MariaDBServer("nowhere", 1, "nobody", "nothing"))
	assert database.is_lost(pymysql.err.OperationalError(code, text)) is is_lost
