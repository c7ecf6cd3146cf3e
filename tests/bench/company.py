"""A company with a customer and an item, on a site of ERPNext where nobody has gone through its wizard."""

import frappe
from frappe.utils import today

COMPANY, CUSTOMER, ITEM, PRICE_LIST = (
	"Contract Company",
	"Contract Customer",
	"Contract Service",
	"Contract Selling",
)


def make_company() -> None:
	"""What an invoice needs; once for the site."""
	if frappe.db.exists("Company", COMPANY):
		return
	from erpnext.setup.setup_wizard.operations.install_fixtures import install

	install("Norway")  # a country for which ERPNext adds no fields
	frappe.get_doc(
		{
			"doctype": "Company",
			"company_name": COMPANY,
			"abbr": "CTC",
			"default_currency": "USD",
			"country": "Norway",
		}
	).insert()
	if not frappe.db.exists("Fiscal Year", {"disabled": 0}):
		year = today()[:4]
		for each in (str(int(year) - 1), year, str(int(year) + 1)):
			frappe.get_doc(
				{
					"doctype": "Fiscal Year",
					"year": each,
					"year_start_date": f"{each}-01-01",
					"year_end_date": f"{each}-12-31",
				}
			).insert()
	if not frappe.db.exists("Price List", PRICE_LIST):
		frappe.get_doc(
			{"doctype": "Price List", "price_list_name": PRICE_LIST, "currency": "USD", "selling": 1}
		).insert()
	frappe.db.set_single_value("Selling Settings", "selling_price_list", PRICE_LIST)
	frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": CUSTOMER,
			"customer_group": frappe.db.get_value("Customer Group", {"is_group": 0}),
			"territory": frappe.db.get_value("Territory", {"is_group": 0}),
		}
	).insert()
	frappe.get_doc(
		{
			"doctype": "Item",
			"item_code": ITEM,
			"item_group": frappe.db.get_value("Item Group", {"is_group": 0}),
			"is_stock_item": 0,
			"stock_uom": "Nos",
		}
	).insert()
