"""Instagram accounts: which are seen, what they tell, what a consent holds for (meta 2.4, 2.5, 2.7, 2.9, 11.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.driver import PUBLISH, Box, Instagram, error

INSTAGRAM = [*PUBLISH, "instagram_basic", "instagram_content_publish"]
LINKED = "name,instagram_business_account{id,username,name,profile_picture_url}"
DAY_S = 86_400


def linked(box: Box, token: str, fields: str = LINKED) -> dict[str, Any]:
    pages = box.graph("GET", "me/accounts", token, limit=100, fields=fields).json()["data"]
    return {page["name"]: page.get("instagram_business_account") for page in pages}


def test_a_page_tells_its_professional_account(box: Box) -> None:
    found = linked(box, box.user_token("p-maya", INSTAGRAM))
    coffee = found["Northwind Coffee"]
    assert coffee.keys() == {"id", "username", "name", "profile_picture_url"}
    assert (coffee["id"][:5], coffee["username"]) == ("17841", "northwind.coffee")
    picture = box.http.get(coffee["profile_picture_url"].replace("localhost", "127.0.0.1"))
    assert picture.headers["content-type"] == "image/svg+xml"


def test_a_page_without_account_or_with_a_personal_one_tells_none(box: Box) -> None:
    found = linked(box, box.user_token("p-maya", INSTAGRAM))
    assert (found["Northwind Careers"], found["Northwind Store 01"]) == (None, None)


def test_a_personal_account_exists_for_followers_only(box: Box) -> None:
    world = {account["name"]: account for account in box.control("world")["accounts"]}
    personal = world["northwind.store01"]
    assert (personal["network"], personal["people"]) == ("instagram", ["p-maya"])
    assert error(box.graph("GET", personal["id"], box.user_token("p-maya", INSTAGRAM))) == (100, 33)
    assert box.http.get("/www.instagram.com/northwind.store01/").headers["location"] == f"/?account={personal['id']}"


def test_without_asking_for_its_fields_only_the_id_comes(box: Box) -> None:
    found = linked(box, box.user_token("p-maya", INSTAGRAM), "name,instagram_business_account")
    assert found["Northwind Coffee"].keys() == {"id"}


def test_without_the_permission_no_account_is_told(box: Box) -> None:
    person = box.new_person()
    box.new_instagram(1, person)
    for permission in ("instagram_basic",):
        box.graph("DELETE", f"me/permissions/{permission}", box.user_token(person))
    assert list(linked(box, box.user_token(person)).values()) == [None]


def test_the_profile_of_an_account(box: Box, account: Instagram) -> None:
    fields = "id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count"
    told = box.graph("GET", account.id, account.page.token, fields=fields).json()
    assert told.items() >= {"id": account.id, "name": account.page.name, "media_count": 0}.items()
    assert "website" not in told
    assert box.graph("GET", account.id, account.page.token).json() == {"id": account.id}


def test_somebody_elses_account_is_as_if_it_were_not_there(box: Box, account: Instagram) -> None:
    other = box.new_instagram()[0]
    assert error(box.graph("GET", account.id, other.page.token)) == (100, 33)
    assert error(box.graph("GET", account.id, box.user_token(box.new_person(), INSTAGRAM))) == (100, 33)


def test_a_consent_names_the_accounts_of_the_chosen_pages(box: Box) -> None:
    person = box.new_person()
    chosen, other = box.new_instagram(2, person)
    form = {"pages": "some", "page": [chosen.page.id], "query": {"auth_type": "rerequest"}}
    token = box.redeem(box.dialog(person, INSTAGRAM, **form)["code"]).json()["access_token"]
    granular = {each["scope"]: each.get("target_ids") for each in box.debug(token)["granular_scopes"]}
    assert granular["instagram_content_publish"] == [chosen.id]
    assert granular["pages_manage_posts"] == [chosen.page.id]
    assert box.graph("GET", chosen.id, token).is_success
    assert error(box.graph("GET", other.id, token)) == (100, 33)


def test_the_dialog_shows_the_accounts_and_asks_for_the_permissions(box: Box) -> None:
    box.http.cookies.set("sandbox_facebook", "p-tomas")
    query = {"client_id": box.app_id, "redirect_uri": box.redirect_uri, "state": "1", "scope": ",".join(INSTAGRAM)}
    html = box.http.get("/www.facebook.com/v26.0/dialog/oauth", params=query).text
    assert "Instagram @harbor.museum" in html
    assert 'value="instagram_content_publish"' in html


def test_a_declined_permission_is_told(box: Box) -> None:
    token = box.redeem(box.dialog(box.new_person(), PUBLISH, ask=INSTAGRAM)["code"]).json()["access_token"]
    told = box.graph("GET", "me/permissions", token).json()["data"]
    assert {"permission": "instagram_content_publish", "status": "declined"} in told


def test_data_access_ends_after_ninety_days_until_the_person_consents_again(box: Box) -> None:
    person = box.new_person()
    account = box.new_instagram(1, person)[0]
    box.control("clock", {"advance_s": 91 * DAY_S})
    assert error(box.graph("GET", account.id, account.page.token)) == (10, None)
    assert box.graph("GET", account.page.id, account.page.token).is_success
    box.user_token(person, INSTAGRAM)
    assert box.graph("GET", account.id, account.page.token).is_success


@pytest.mark.parametrize("network", ["orkut", "facebook"])
def test_accounts_are_made_at_a_network_that_exists(box: Box, network: str) -> None:
    body = {"count": 1, "person": "p-maya", "prefix": "x", "network": network}
    assert box.http.post("/_sandbox/accounts", json=body).status_code == 400
