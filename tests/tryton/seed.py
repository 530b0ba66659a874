"""A small plant for Tryton: one line that prints and solders boards, its people, stock, orders and controls.

Orders, named by `number`: 4711 (50 boards, draft), 4712 (10, waiting), 4713 (500, waiting, more than there is in
stock) and 4714 (8 door modules, draft, which cannot be done before their gap was measured).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from client import Client

Values = dict[str, Any]

FIRST_ORDER = 4711
LOT_NUMBERS = {"prefix": "B", "number_next": 301}
"""Lots of what is made: B301 and so on."""
TOLERANCE = 0.2
"""Part of the planned quantity by which an order may differ before Tryton asks."""
UNITS = {"piece": "Unit", "gram": "Gram"}
"""Our name of a unit -> Tryton's."""
PEOPLE = ("Ana", "Ben", "Farid")
WORK_CENTERS = {"SPP-1": "printing", "OVN-1": "soldering"}
"""Work center -> category; all are part of LINE-1."""
COMPONENTS = {"bare-board": "piece", "solder-paste": "gram", "frame": "piece"}
MADE = ("controller-board", "door-module")
STOCK = (  # product, lot, quantity in the product's unit
    ("bare-board", "A17", 200),
    ("bare-board", "A18", 100),
    ("solder-paste", "88", 2000),
    ("frame", "F5", 40),
)
RECIPES: dict[str, dict[str, float]] = {
    "controller-board": {"bare-board": 1, "solder-paste": 2},
    "door-module": {"frame": 1},
}
"""Product -> what one of it takes."""
STEPS = {"print": "printing", "reflow": "soldering"}
"""Operation -> category of work centers; every product goes through both."""
ORDERS = (  # product, quantity, the lots that it takes, whether it goes back to draft
    ("controller-board", 50, {"bare-board": "A17", "solder-paste": "88"}, True),
    ("controller-board", 10, {"bare-board": "A18", "solder-paste": "88"}, False),
    ("controller-board", 500, {"bare-board": "A17", "solder-paste": "88"}, False),
    ("door-module", 8, {"frame": "F5"}, True),
)
CONTROLS: tuple[tuple[str, list[str], str | None, Values], ...] = (
    ("paste-height", [], None, {"type_": "float", "digits": 0, "tolerance_lower": 120, "tolerance_upper": 160}),
    ("gap", ["production:do"], "door-module", {"type_": "float", "tolerance_lower": 0.1, "tolerance_upper": 0.3}),
    ("hold", [], None, {"type_": "boolean"}),
)
"""Name, the operations that wait for it, product, and what is measured: um, mm, and whether it may go on."""


def seed(client: Client) -> None:
    """Fills an initialised database; the client has the context of the company afterwards."""
    _company(client)
    _places(client)
    _work_centers(client)
    lots = _products(client)
    _recipes(client)
    _stock(client, lots)
    _orders(client, lots)
    _controls(client)


def _new(client: Client, model: str, **values: Any) -> int:
    """The id of a new record."""
    (made,) = client.call(f"model.{model}.create", [values])
    return int(made)


def _ids(client: Client, model: str, field: str = "name") -> dict[str, int]:
    """Every record by a field of it."""
    rows = client.call(f"model.{model}.search_read", [], 0, None, None, [field])
    return {row[field]: row["id"] for row in rows}


def _decimal(value: str) -> Values:
    return {"__class__": "Decimal", "decimal": value}


def _company(client: Client) -> None:
    """A company with its people; the administrator may act as each of them."""
    euro = _new(client, "currency.currency", name="Euro", code="EUR", symbol="€")
    party = _new(client, "party.party", name="Plant One")
    company = _new(client, "company.company", party=party, currency=euro)
    client.context = {"company": company}
    people = [
        _new(client, "company.employee", company=company, party=_new(client, "party.party", name=name))
        for name in PEOPLE
    ]
    (user,) = client.call("model.res.user.search", [["login", "=", "admin"]], 0, None, None)
    rights: Values = {"companies": [["add", [company]]], "company": company, "employees": [["add", people]]}
    client.call("model.res.user.write", [user], rights)


def _places(client: Client) -> None:
    """Waste and quarantine beside the storage of the warehouse that Tryton comes with."""
    places = _ids(client, "stock.location", "code")
    _new(client, "stock.location", name="Quarantine", code="QUA", type="storage", parent=places["WH"])
    waste = _new(client, "stock.location", name="Waste", code="WASTE", type="lost_found")
    client.call("model.stock.location.write", [places["WH"]], {"waste_locations": [["add", [waste]]]})


def _work_centers(client: Client) -> None:
    warehouse = _ids(client, "stock.location", "code")["WH"]
    line = _new(client, "production.work.center", name="LINE-1", warehouse=warehouse)
    for name, category in WORK_CENTERS.items():
        made = _new(client, "production.work.center.category", name=category)
        _new(client, "production.work.center", name=name, category=made, parent=line, warehouse=warehouse)


def _products(client: Client) -> dict[str, int]:
    """Products and the lots of the components: lot -> id."""
    units = _ids(client, "product.uom")
    (kind,) = client.call("model.ir.sequence.type.search", [["name", "=", "Stock Lot"]], 0, None, None)
    numbers = _new(client, "ir.sequence", name="Lots made here", sequence_type=kind, company=None, **LOT_NUMBERS)
    for name, unit in (*COMPONENTS.items(), *((name, "piece") for name in MADE)):
        values: Values = {"name": name, "code": name, "type": "goods", "default_uom": units[UNITS[unit]]}
        if name in MADE:
            values |= {"producible": True, "lot_required": ["production"], "lot_sequence": numbers}
        values |= {"products": [["create", [{"cost_price": _decimal("1")}]]]}
        _new(client, "product.template", **values)
    products = _ids(client, "product.product", "code")
    return {lot: _new(client, "stock.lot", number=lot, product=products[product]) for product, lot, _ in STOCK}


def _recipes(client: Client) -> None:
    """A bill of material and a routing for each product that is made here."""
    products, units = _ids(client, "product.product", "code"), _ids(client, "product.uom")
    categories = _ids(client, "production.work.center.category")
    operations = [
        _new(client, "production.routing.operation", name=name, work_center_category=categories[category])
        for name, category in STEPS.items()
    ]
    for product, takes in RECIPES.items():
        inputs = [
            {"product": products[name], "quantity": quantity, "unit": units[UNITS[COMPONENTS[name]]]}
            for name, quantity in takes.items()
        ]
        output = {"product": products[product], "quantity": 1, "unit": units["Unit"]}
        lines: Values = {"inputs": [["create", inputs]], "outputs": [["create", [output]]]}
        bom = _new(client, "production.bom", name=product, tolerance=TOLERANCE, **lines)
        steps = [{"operation": operation, "sequence": place} for place, operation in enumerate(operations, start=1)]
        _new(client, "production.routing", name=product, boms=[["add", [bom]]], steps=[["create", steps]])


def _stock(client: Client, lots: Mapping[str, int]) -> None:
    """Every lot comes from a supplier into the storage."""
    places, products = _ids(client, "stock.location", "code"), _ids(client, "product.product", "code")
    units = _ids(client, "product.uom")
    moves = [
        {
            "product": products[product],
            "unit": units[UNITS[COMPONENTS[product]]],
            "quantity": quantity,
            "lot": lots[lot],
            "from_location": places["SUP"],
            "to_location": places["STO"],
            "unit_price": _decimal("1"),
            "currency": _ids(client, "currency.currency", "code")["EUR"],
        }
        for product, lot, quantity in STOCK
    ]
    client.call("model.stock.move.do", client.call("model.stock.move.create", moves))


def _orders(client: Client, lots: Mapping[str, int]) -> None:
    """Tryton numbers an order when it is told to wait; one that goes back to draft keeps its number."""
    (numbers,) = client.call("model.ir.sequence.search", [["sequence_type.name", "=", "Production"]], 0, None, None)
    client.call("model.ir.sequence.write", [numbers], {"number_next": FIRST_ORDER})
    places, center = _ids(client, "stock.location", "code"), _ids(client, "production.work.center")["LINE-1"]
    for product, quantity, takes, is_draft in ORDERS:
        chosen = {name: lots[lot] for name, lot in takes.items()}
        order = _new(
            client,
            "production",
            product=_ids(client, "product.product", "code")[product],
            bom=_ids(client, "production.bom")[product],
            routing=_ids(client, "production.routing")[product],
            work_center=center,
            quantity=quantity,
            unit=_ids(client, "product.uom")["Unit"],
            warehouse=places["WH"],
            location=places["PROD"],
            **_moves(client, product, quantity, chosen),
        )
        client.call("model.production.wait", [order])
        if is_draft:
            client.call("model.production.draft", [order])


def _moves(client: Client, product: str, quantity: float, lots: Mapping[str, int]) -> Values:
    """What the order takes from the storage and brings to it."""
    places, products = _ids(client, "stock.location", "code"), _ids(client, "product.product", "code")
    units = _ids(client, "product.uom")
    inputs = [
        {
            "product": products[name],
            "lot": lots[name],
            "quantity": quantity * of_one,
            "unit": units[UNITS[COMPONENTS[name]]],
            "from_location": places["STO"],
            "to_location": places["PROD"],
        }
        for name, of_one in RECIPES[product].items()
    ]
    output: Values = {"product": products[product], "quantity": quantity, "unit": units["Unit"]}
    output |= {"from_location": places["PROD"], "to_location": places["STO"], "unit_price": _decimal("0")}
    output |= {"currency": _ids(client, "currency.currency", "code")["EUR"]}
    return {"inputs": [["create", inputs]], "outputs": [["create", [output]]]}


def _controls(client: Client) -> None:
    """Controls with one point each, `value`: a request that records one has the same keys for all of them."""
    products = _ids(client, "product.product", "code")
    for name, operations, product, point in CONTROLS:
        values: Values = {"operations": operations, "product": products[product] if product else None}
        values["points"] = [["create", [{"name": "value", "string": name, **point}]]]
        _new(client, "quality.control", name=name, frequency=1, **values)
