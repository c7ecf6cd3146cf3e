from tests.integration.sandbox.conftest import clock, empty_mariadb_url, mariadb_url, sandbox, url  # noqa: F401
