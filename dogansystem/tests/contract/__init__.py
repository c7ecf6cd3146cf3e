"""What must hold on every site, word for word the same: the sandbox on SQLite and on MariaDB, and a Frappe site.

Each class is mixed into a TestCase that says what site to run on, by `Home`.
"""
