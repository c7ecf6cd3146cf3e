from tests.integration.sandbox.conftest import mariadb_url, new_mariadb_url  # noqa: F401
