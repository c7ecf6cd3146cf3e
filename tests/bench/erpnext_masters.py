"""What tests on a real ERPNext need before they begin: items, customers, employees, stock, and stand-ins for DocTypes of hrms.

Leave Application and Expense Claim belong to the app hrms, which a test bench does not have: DocTypes of the same names and fields
stand in.
"""

from typing import Any

import frappe
from frappe.utils import add_days, nowdate

from tests.bench.test_due import COMPANY

CUSTOMER, SERVICE, SUPPLIER = "Contract Customer", "Contract Service", "Contract Supplier"
STAND_INS = {
	"Leave Application": {
		"employee": "Data", "employee_name": "Data", "leave_type": "Data", "posting_date": "Date", "from_date": "Date",
		"to_date": "Date", "status": "Data", "leave_approver": "Data", "leave_approver_name": "Data",
	},
	"Expense Claim": {
		"employee": "Data", "employee_name": "Data", "approval_status": "Data", "total_claimed_amount": "Currency",
		"expenses": "Table",
	},
}  # fmt: skip
ROWS = {"Expense Claim": {"expense_date": "Date", "expense_type": "Data", "amount": "Currency"}}


def ensure(doctype: str, name: str, **values: Any) -> str:
	"""A document of this name; made by Administrator if there is none."""
	if not frappe.db.exists(doctype, name):
		frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True)
	return name


def store() -> str:
	return frappe.db.get_value("Warehouse", {"company": COMPANY, "warehouse_name": "Stores"})


def priority() -> str:
	return frappe.get_all("Issue Priority", pluck="name")[0]


def make_masters() -> None:
	ensure("Price List", "Contract Buying", price_list_name="Contract Buying", currency="USD", buying=1)
	frappe.db.set_single_value("Buying Settings", "buying_price_list", "Contract Buying")
	# What test_due makes, on a site where test_erpnext has made the company.
	ensure("Price List", "Contract Selling", price_list_name="Contract Selling", currency="USD", selling=1)
	make_customer(CUSTOMER)
	group = frappe.db.get_value("Item Group", {"is_group": 0})
	ensure("Item", SERVICE, item_code=SERVICE, item_group=group, is_stock_item=0, stock_uom="Nos")
	group = frappe.db.get_value("Supplier Group", {"is_group": 0})
	ensure("Supplier", SUPPLIER, supplier_name=SUPPLIER, supplier_group=group)


def settle_earlier() -> None:
	"""What an earlier run of these tests has left is no longer due."""
	of_tests = {"subject": ["like", "Contract%"]}
	frappe.db.set_value("Issue", of_tests, "status", "Closed")
	frappe.db.set_value("Task", of_tests, "status", "Cancelled")
	frappe.db.set_value("Quotation", {"party_name": CUSTOMER}, "valid_till", add_days(nowdate(), 400))


def make_customer(name: str, **values: Any) -> str:
	"""A Customer of this name, made by who acts."""
	if not frappe.db.exists("Customer", name):
		frappe.get_doc(
			{
				"doctype": "Customer", "customer_name": name,
				"customer_group": frappe.db.get_value("Customer Group", {"is_group": 0}),
				"territory": frappe.db.get_value("Territory", {"is_group": 0}), **values,
			}
		).insert()  # fmt: skip
	frappe.db.commit()
	return name


def make_stock_item(name: str, opening: float = 0, **values: Any) -> str:
	if not frappe.db.exists("Item", name):
		group = frappe.db.get_value("Item Group", {"is_group": 0})
		ensure(
			"Item",
			name,
			item_code=name,
			item_group=group,
			is_stock_item=1,
			stock_uom="Nos",
			valuation_rate=5,
			**values,
		)
		if opening:
			receive(name, opening)
	frappe.db.commit()
	return name


def receive(item: str, qty: float, **values: Any) -> None:
	row = {"item_code": item, "qty": qty, "t_warehouse": store(), "basic_rate": 5, **values}
	entry = {
		"doctype": "Stock Entry",
		"stock_entry_type": "Material Receipt",
		"company": COMPANY,
		"items": [row],
	}
	frappe.get_doc(entry).insert().submit()


def make_batch(item: str, name: str, expires: str, qty: float) -> None:
	if frappe.get_meta("Stock Settings").has_field(
		"enable_serial_and_batch_no_for_item"
	):  # ERPNext 17 asks for it
		frappe.db.set_single_value("Stock Settings", "enable_serial_and_batch_no_for_item", 1)
	frappe.get_doc({"doctype": "Batch", "batch_id": name, "item": item, "expiry_date": expires}).insert()
	receive(item, qty, batch_no=name, use_serial_batch_fields=1)


def make_employee(name: str, born: str, joined: str, **values: Any) -> str:
	known = frappe.db.get_value("Employee", {"employee_name": name})
	if known:
		return known
	ensure("Gender", "Female", gender="Female")
	doc = {"doctype": "Employee", "first_name": name, "company": COMPANY, "gender": "Female", "status": "Active", "date_of_birth": born, "date_of_joining": joined, "create_user_permission": 0, **values}  # fmt: skip
	return frappe.get_doc(doc).insert(ignore_permissions=True).name


def make_stand_in(name: str, *roles: str) -> None:
	"""A DocType with the name and the fields that the app hrms gives it, as far as a template uses them."""
	if frappe.db.exists("DocType", name):
		return
	rows = f"{name} Detail"
	if name in ROWS:
		_make_doctype(rows, ROWS[name], rows, istable=1)
	rights = [{"role": role, "read": 1, "write": 1, "create": 1} for role in roles]
	_make_doctype(name, STAND_INS[name], rows, autoname="hash", permissions=rights)


def remove_stand_ins() -> None:
	"""The app hrms may be installed later."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for name in (*STAND_INS, *(f"{each} Detail" for each in ROWS)):
		if frappe.db.exists("DocType", {"name": name, "custom": 1}):
			frappe.delete_doc("DocType", name, force=True)
			frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `tab{name}`")
	frappe.db.commit()


def _make_doctype(name: str, kinds: dict[str, str], rows: str, **rest: Any) -> None:
	fields = [
		{
			"fieldname": field,
			"label": field,
			"fieldtype": kind,
			**({"options": rows} if kind == "Table" else {}),
		}
		for field, kind in kinds.items()
	]
	doc = {"doctype": "DocType", "name": name, "module": "Custom", "custom": 1, "fields": fields, **rest}
	frappe.get_doc(doc).insert()
