"""Who may do what where: roles, organizations, the member (linkedin 2.7, 3)."""

from __future__ import annotations

import pytest

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import API, ORGANIZATION_SCOPES, Author, LinkedIn, code, encoded


def ids(box: Box) -> dict[str, str]:
    accounts = box.control("world")["accounts"]
    return {each["name"]: each["id"] for each in accounts if each["network"] == "linkedin"}


def maya(linkedin: LinkedIn) -> str:
    return linkedin.token("linkedin", "p-maya", ORGANIZATION_SCOPES)


def test_the_world_has_organizations_and_every_person_as_a_member(box: Box) -> None:
    accounts = {each["name"]: each for each in box.control("world")["accounts"] if each["network"] == "linkedin"}
    assert accounts["Northwind Coffee"]["people"] == ["p-maya", "p-sara"]
    assert accounts["Northwind Coffee"]["id"].startswith("urn:li:organization:")
    assert accounts["Maya Okafor"]["people"] == ["p-maya"]
    assert accounts["Maya Okafor"]["id"].startswith("urn:li:person:")


def test_the_roles_of_a_member_with_their_state(box: Box, linkedin: LinkedIn) -> None:
    token = maya(linkedin)
    told = linkedin.rest("GET", "organizationAcls?q=roleAssignee", token, "FINDER").json()
    names = {urn: name for name, urn in ids(box).items()}
    assert {(names[each["organization"]], each["role"], each["state"]) for each in told["elements"]} == {
        ("Northwind Coffee", "ADMINISTRATOR", "APPROVED"),
        ("Northwind Roastery", "ADMINISTRATOR", "APPROVED"),
        ("Northwind Foundation", "ANALYST", "APPROVED"),
        ("Coffee Growers Association", "ADMINISTRATOR", "REQUESTED"),
        ("Harbor Museum", "CONTENT_ADMINISTRATOR", "APPROVED"),
    }
    narrowed = linkedin.rest(
        "GET", "organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&start=1&count=1", token, "FINDER"
    ).json()
    assert [names[each["organization"]] for each in narrowed["elements"]] == ["Northwind Roastery"]
    assert (narrowed["paging"]["start"], narrowed["paging"]["total"]) == (1, 2)


def test_who_has_roles_on_a_page_is_for_its_administrators(box: Box, linkedin: LinkedIn) -> None:
    token, known = maya(linkedin), ids(box)
    path = "organizationAcls?q=organization&organization="
    told = linkedin.rest("GET", path + encoded(known["Northwind Coffee"]), token, "FINDER").json()
    assert [each["role"] for each in told["elements"]] == ["ADMINISTRATOR", "CONTENT_ADMINISTRATOR"]
    assert code(linkedin.rest("GET", path + encoded(known["Harbor Museum"]), token, "FINDER"))[0] == 403


def test_a_role_that_may_not_post_is_refused(box: Box, linkedin: LinkedIn) -> None:
    token, known = maya(linkedin), ids(box)
    for name in ("Northwind Foundation", "Coffee Growers Association"):
        assert linkedin.publish(Author(known[name], token, "p-maya"), "m").status_code == 403
    assert linkedin.publish(Author(known["Harbor Museum"], token, "p-maya"), "content administrators may").is_success


def test_an_organization_is_whole_for_administrators_and_public_for_others(box: Box, linkedin: LinkedIn) -> None:
    token, known = maya(linkedin), ids(box)
    coffee, museum = (known[name].rpartition(":")[2] for name in ("Northwind Coffee", "Harbor Museum"))
    one = linkedin.rest("GET", f"organizations/{coffee}", token).json()
    assert (one["id"], one["localizedName"], one["$URN"]) == (
        int(coffee),
        "Northwind Coffee",
        known["Northwind Coffee"],
    )
    told = linkedin.rest("GET", f"organizations?ids=List({coffee},{museum},1)", token, "BATCH_GET").json()
    assert told["statuses"] == {coffee: 200, museum: 403, "1": 404}
    assert told["errors"][museum]["message"].endswith(f"ADMIN_ONLY VisibilityReduction for {known['Harbor Museum']}")
    public = linkedin.rest("GET", f"organizationsLookup?ids=List({coffee},{museum})", token, "BATCH_GET").json()
    assert [each["localizedName"] for each in public["results"].values()] == ["Northwind Coffee", "Harbor Museum"]
    path = f"organizations?q=vanityName&vanityName={one['vanityName']}"
    assert linkedin.rest("GET", path, token, "FINDER").json()["elements"][0]["id"] == int(coffee)


def test_the_development_tier_has_no_batches(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    company = linkedin.organization()
    own_box.control("options", {"provider": "linkedin", "options": {"tier": "development"}})
    path = f"organizations?ids=List({company.urn.rpartition(':')[2]})"
    assert code(linkedin.rest("GET", path, company.token, "BATCH_GET")) == (403, 100, "ACCESS_DENIED")


def test_each_app_knows_a_member_by_another_id(linkedin: LinkedIn, company: Author) -> None:
    told = linkedin.rest("GET", "me", company.token).json()
    assert (told["localizedFirstName"], told["localizedLastName"]) == ("Test", "Person")
    assert f"urn:li:person:{told['id']}" != linkedin.member(company.person).urn


@pytest.mark.parametrize("scopes", [["w_member_social"], ORGANIZATION_SCOPES])
def test_userinfo_needs_openid(linkedin: LinkedIn, scopes: list[str]) -> None:
    answer = linkedin.http("GET", f"{API}/v2/userinfo", linkedin.token("linkedin", "p-ivo", scopes))
    assert code(answer) == (403, 100, "ACCESS_DENIED")
    assert answer.json()["message"] == "Not enough permissions to access: userinfo.GET.NO_VERSION"


def test_email_and_name_come_with_their_scopes(linkedin: LinkedIn) -> None:
    token = linkedin.token("linkedin_member", "p-ivo", ["openid"])
    assert set(linkedin.http("GET", f"{API}/v2/userinfo", token).json()) == {"sub"}
