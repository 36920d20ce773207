"""What is of the bank, in any list: in no output of a role that may not see it, and no question of theirs."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from app.accounts.roles import PERMISSIONS, Permission
from app.lists import LISTS
from app.models import Role
from app.wording.i18n import gettext
from tests.views.town import let_in

OUTPUTS = ("", ".json", ".csv", ".xlsx", "/regroupement.csv?by=outlet", "?by=outlet", "?by=credit")
BLIND = [role for role in Role if Permission.BANK not in PERMISSIONS[role]]


def readable(response):
    """The text of an answer, that of each part of a workbook."""
    if response.mimetype.endswith("sheet"):
        with ZipFile(BytesIO(response.data)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return response.get_data(as_text=True)


@pytest.mark.parametrize("role", BLIND)
@pytest.mark.probes("roles")
def test_what_is_of_the_bank_is_in_no_output_and_no_question(app, shops, database, role, probes):
    let_in(database, f"{role}@blind.example", shops[0].marker, role)
    browser, asked = app.test_client(), 0
    browser.sign_in(f"{role}@blind.example")
    for spec in LISTS.values():
        secret = [field for field in spec.fields if field.permission == Permission.BANK]
        names = [field.name for field in secret]
        sums = [one for one in spec.measures if one.of in names]
        words = [*names, *(gettext(one.label) for one in (*secret, *sums) if one.label)]
        for output in OUTPUTS:
            with browser.get(spec.path + output) as response:
                assert response.status_code in (200, 403, 422), output
                said = readable(response)
            assert not [word for word in words if word in said], (spec.name, output)
        for field in secret:
            asking = [f"{field.name}=1", f"{field.name}_from=1", f"sort={field.name}"]
            for question in asking:
                assert browser.get(f"{spec.path}.json?{question}").status_code in (403, 422), question
            for question in (*asking, f"by={field.name}"):
                page = browser.get(f"{spec.path}?{question}")
                assert page.status_code in (200, 403, 422)
                assert "rows-group" not in page.text, question
        asked += len(OUTPUTS) + 7 * len(secret)
    probes(asked)
