from tests.sandbox.conftest import mariadb_url  # noqa: F401
