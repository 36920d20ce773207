"""The workbook: typed cells, the rules of the CSV, and the same rows and sums."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from xlsxwriter import Workbook

from app.listing.flat_file import FileColumn, write_flat_xlsx
from app.listing.xlsx import go_on_over_sheets, set_up
from app.models import JournalEntry

NAMESPACE = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def cells(response, sheet):
    """The cells of a sheet by reference: ``(type, text)``; numbers have the type "n"."""
    with zipfile.ZipFile(io.BytesIO(response.data)) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    found = {}
    for cell in root.iter(f"{{{NAMESPACE['s']}}}c"):
        words = "".join(text.text or "" for text in cell.iter(f"{{{NAMESPACE['s']}}}t"))
        number = cell.find("s:v", NAMESPACE)
        found[cell.get("r")] = (cell.get("t", "n"), words or (number.text if number is not None else ""))
    return found


def by_heading(found, heading, line):
    head = {ref: cell[1] for ref, cell in found.items() if ref.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "1"}
    column = next(ref[:-1] for ref, words in head.items() if words == heading)
    return found.get(f"{column}{line}")


def test_cells_have_the_type_of_what_they_hold(owner):
    with owner.get("/transactions.xlsx?type=debit&outcome=accepted&sort=amount") as response:
        assert response.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        assert response.headers["Content-Disposition"].endswith(".xlsx")
        found = cells(response, 1)
    assert by_heading(found, "Date", 2)[0] == "n"
    kind, amount = by_heading(found, "Montant", 2)
    assert (kind, float(amount) == round(float(amount), 2)) == ("n", True)
    for identifier in ("N° contrat", "Rang", "N° de remise", "SIRET"):
        kind, text = by_heading(found, identifier, 2)
        assert kind in ("inlineStr", "s")
        assert "\t" not in text
        assert text


def test_the_second_sheet_has_the_sums_of_the_list(owner):
    net = owner.get("/transactions.json").json["totals"][0]["net"]
    with owner.get("/transactions.xlsx") as response:
        found = cells(response, 2)
    assert "Transactions" in found["B1"][1]
    label = next(ref for ref, cell in found.items() if cell[1] == "Net")
    assert float(found[f"B{label[1:]}"][1]) == net / 100


def test_a_number_of_rows_is_a_number(owner):
    """It was "12 transactions", which no formula can compare."""
    count = owner.get("/transactions.json").json["count"]
    with owner.get("/transactions.xlsx") as response:
        found = cells(response, 2)
    assert found["A2"][1] == "Nombre"
    assert found["B2"] == ("n", str(count))


def test_a_code_is_its_column_s_and_no_name_beside_it(owner):
    with owner.get("/remises.xlsx") as response:
        found = cells(response, 1)
    line = next(line for line in range(2, 50) if (by_heading(found, "Code banque", line) or ("", ""))[1])
    assert by_heading(found, "Code banque", line)[1].isdigit()
    assert by_heading(found, "Banque", line)[1]


@pytest.mark.parametrize(
    "path",
    ["/remises.xlsx", "/transactions/regroupement.xlsx?by=outlet", "/transactions/titres-restaurant.xlsx"],
)
def test_a_workbook_says_whose_it_is(owner, path):
    """Saved under any name it is still known."""
    with owner.get(path) as response:
        found = cells(response, 2)
    (line,) = (ref[1:] for ref, cell in found.items() if cell[1] == "Commerçant")
    assert found[f"B{line}"][1] == "ALPHA merchant"


def alignments(response, sheet):
    """Where each cell of a sheet stands in its column, by reference; "" for where its type has it."""
    with zipfile.ZipFile(io.BytesIO(response.data)) as book:
        formats = ET.fromstring(book.read("xl/styles.xml")).find("s:cellXfs", NAMESPACE)
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    said = [one.find("s:alignment", NAMESPACE) for one in formats]
    sides = ["" if one is None else one.get("horizontal", "") for one in said]
    return {cell.get("r"): sides[int(cell.get("s", "0"))] for cell in root.iter(f"{{{NAMESPACE['s']}}}c")}


@pytest.mark.parametrize("path", ["/transactions.xlsx", "/remises/regroupement.xlsx?by=outlet"])
def test_a_heading_stands_where_its_figures_do(owner, path):
    with owner.get(path) as response:
        found, sides = cells(response, 1), alignments(response, 1)
    for ref, (kind, _) in found.items():
        column = ref.rstrip("0123456789")
        if ref != f"{column}1":
            assert sides[ref] == sides[f"{column}1"] == ("right" if kind == "n" else ""), ref


def test_a_total_stands_out(owner):
    with owner.get("/remises/regroupement.xlsx?by=outlet") as response:
        found = cells(response, 1)
        with zipfile.ZipFile(io.BytesIO(response.data)) as book:
            root = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
            styles = ET.fromstring(book.read("xl/styles.xml"))
    total = next(ref for ref, cell in found.items() if cell[1] == "Total")
    style = next(cell.get("s") for cell in root.iter(f"{{{NAMESPACE['s']}}}c") if cell.get("r") == total)
    font = styles.find("s:cellXfs", NAMESPACE)[int(style)].get("fontId")
    assert styles.find("s:fonts", NAMESPACE)[int(font)].find("s:b", NAMESPACE) is not None


def columns_of(response, sheet):
    """The width of each column, its heading and the words of its cells, as a sheet has them."""
    found = cells(response, sheet)
    with zipfile.ZipFile(io.BytesIO(response.data)) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    widths = {}
    for column in root.iter(f"{{{NAMESPACE['s']}}}col"):
        for number in range(int(column.get("min")), int(column.get("max")) + 1):
            widths[number] = float(column.get("width"))
    words = {}
    for ref, (kind, said) in found.items():
        letters = ref.rstrip("0123456789")
        if kind != "n":
            words.setdefault(_number(letters), {})[int(ref[len(letters) :])] = said
    return root, [(widths[number], said.pop(1), tuple(said.values())) for number, said in words.items()]


@pytest.mark.parametrize(
    "path", ["/transactions.xlsx", "/remises.xlsx", "/remises/regroupement.xlsx?by=outlet"]
)
def test_no_word_of_a_sheet_is_cut(owner, path):
    """Neither a name by the cell beside it, nor a word of a heading: those take several lines."""
    with owner.get(path) as response:
        _, columns = columns_of(response, 1)
    assert len(columns) > 8
    for width, heading, words in columns:
        assert width > max(map(len, heading.split())), heading
        assert width >= max(map(len, words), default=0), heading


@pytest.mark.parametrize(
    "path", ["/transactions.xlsx", "/remises.xlsx", "/remises/regroupement.xlsx?by=outlet"]
)
def test_a_sheet_can_be_printed(owner, path):
    """Across and as wide as a page, with its heading: a week of a chain took 417 sheets, ten to a line."""
    with owner.get(path) as response:
        root, columns = columns_of(response, 1)
        with zipfile.ZipFile(io.BytesIO(response.data)) as book:
            names = book.read("xl/workbook.xml").decode()
    assert root.find("s:pageSetup", NAMESPACE).get("orientation") == "landscape"
    assert "_xlnm.Print_Titles" in names
    assert root.find("s:pageSetup", NAMESPACE).get("fitToHeight") == "0"
    if area := re.search(r"Print_Area[^>]*>\S+!\$A\$1:\$(\w+)\$", names):
        shown = _number(area[1])
        assert sum(width for width, *_ in columns[:shown]) < 240, "letters that can be read"
        footer = root.find("s:headerFooter/s:oddFooter", NAMESPACE).text
        assert f"Colonnes 1 à {shown} sur {len(columns)}" in footer.replace("\u00a0", " ")
    else:
        assert "regroupement" in path, "all of a grouping is on paper"


def test_what_is_too_wide_for_one_sheet_goes_on_beside_the_names():
    """Of a month by shop with a bank 22 columns stood on a sheet, in letters of three points."""
    file = io.BytesIO()
    with Workbook(file) as book:
        for widths in ([36, 18], [36, 16, *[14] * 9], [36, 16, *[14] * 20]):
            sheet = book.add_worksheet()
            set_up(sheet, widths)
            go_on_over_sheets(sheet, widths, 2)
    with zipfile.ZipFile(file) as book:
        setups = [
            ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).find("s:pageSetup", NAMESPACE)
            for number in (1, 2, 3)
        ]
        names = book.read("xl/workbook.xml").decode()
    assert [setup.get("fitToWidth", "1") for setup in setups] == ["1", "1", "2"]
    assert re.findall(r"Print_Titles\" localSheetId=\"(\d)\">([^<]*)<", names) == [
        ("0", "Sheet1!$1:$1"),
        ("1", "Sheet2!$1:$1"),
        ("2", "Sheet3!$A:$B,Sheet3!$1:$1"),
    ]


def test_a_column_of_rows_is_as_wide_as_its_words_and_the_longest_take_lines():
    """The names of shops were cut by the number beside them, between a column of nothing and one cut off."""
    columns = [
        FileColumn("shop", "Outlet", lambda row: row[0]),
        FileColumn("account", "Account", lambda row: row[1]),
        FileColumn("why", "Why", lambda row: row[2]),
    ]
    rows = [("FOURNIL POITIERS NOTRE-DAME · Caisse 1", None, "the same sum, " * 9), ("FOURNIL", None, "")]
    file = io.BytesIO()
    write_flat_xlsx(columns, rows, "To handle", file)
    written = SimpleNamespace(data=file.getvalue())
    widths = [width for width, *_ in columns_of(written, 1)[1]]
    assert 39 <= widths[0] <= 41
    assert widths[1] <= 12
    assert widths[2] <= 65
    with zipfile.ZipFile(file) as book:
        styles = ET.fromstring(book.read("xl/styles.xml")).find("s:cellXfs", NAMESPACE)
        root = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    (style,) = (cell.get("s") for cell in root.iter(f"{{{NAMESPACE['s']}}}c") if cell.get("r") == "C2")
    assert styles[int(style)].find("s:alignment", NAMESPACE).get("wrapText") == "1"
    heights = {row.get("r"): row.get("ht") for row in root.iter(f"{{{NAMESPACE['s']}}}row")}
    assert heights == {"1": None, "2": "30", "3": None}, "as high as its lines, for who prints without Excel"


def _number(letters):
    """The number of a column that a workbook calls by ``letters``."""
    return sum((ord(letter) - 64) * 26**place for place, letter in enumerate(reversed(letters)))


def test_it_follows_the_rules_of_the_csv(owner, database):
    assert owner.get("/transactions.xlsx?date_from=2026-01-01&date_to=2026-03-01").status_code == 422
    with owner.get("/remises.xlsx") as response:
        assert response.status_code == 200
    with database.reading() as connection:
        events = connection.scalars(
            select(JournalEntry.details).where(JournalEntry.event == "exported")
        ).all()
    assert [event["list"] for event in events] == ["remittances"]


@pytest.mark.parametrize("path", ["/transactions.xlsx", "/remises.xlsx"])
def test_a_stranger_has_none(browser, path):
    assert browser.get(path).status_code == 303
