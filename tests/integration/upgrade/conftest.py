from tests.integration.sandbox.conftest import mariadb_url  # noqa: F401
