"""SQL to be tried wherever a name, a value or an order can stand. What is tried where: tests/integration/security/test_sql.py in the
sandbox, test_security_sql.py on a site."""

INJECTIONS = [
	"' OR '1'='1", "' OR 1=1 -- ", "' OR 1=1 #", '" OR ""="', "`", "``", "a`b", "name` OR 1=1 -- ", "\\' OR 1=1 -- ", "\\", "%", "%%",
	"_", "%s", "%(name)s", "?", ":1", "$1", "@@version", "';", "'; DROP TABLE `tabDogan Workflow`; -- ", "'; DELETE FROM documents; -- ",
	"' UNION SELECT definition FROM `tabDogan Workflow Version` -- ", "1; SELECT pg_sleep(10)", "SLEEP(10)", "' AND SLEEP(10) -- ",
	"(SELECT 1)", "name, (SELECT definition FROM `tabDogan Workflow Version` LIMIT 1)", "CASE WHEN 1=1 THEN name ELSE modified END",
	"IF(1=1, name, modified)", "name INTO OUTFILE '/tmp/x'", "LOAD_FILE('/etc/passwd')", "0x61646d696e", "CHAR(97)", "/**/", "/*!50000 OR 1=1*/",
	"name--", "name#", "\0", "a\0' OR 1=1 -- ", "\x1a", "ʼ OR 1=1", "＇ OR 1=1", "\u02bc", "\ufeff' OR 1=1 -- ", "\xbf' OR 1=1 -- ",
	"name desc; DROP TABLE x", "name desc, (SELECT 1)", "name COLLATE utf8mb4_bin", "RAND()", "BENCHMARK(10000000,MD5(1))",
	"ATTACH DATABASE '/tmp/x' AS y", "load_extension('x')", "PRAGMA writable_schema=1", "x' || (SELECT 1) || '", "json_extract(a, '$.b')",
	"$.a", '$."a"', "a.b", "tabDogan Workflow Run", "Dogan Workflow Run`.`name", "sqlite_master", "mysql.user", "information_schema.tables",
]  # fmt: skip
