from tests.integration.sandbox.conftest import (  # noqa: F401
	clock,
	empty_mariadb_url,
	mariadb_url,
	new_mariadb_url,
	sandbox,
	url,
)
