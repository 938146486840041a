"""What the demo's people wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.infra.actor import Role


@dataclass(frozen=True, slots=True)
class Organization:
    """One demo organization: its people by OpenID subject, the Pages it has connected, and its texts."""

    key: str
    name: str
    zone: str
    roles: dict[str, Role]
    admin: str
    author: str
    approver: str
    page: str
    instagram: str
    linkedin: str | None
    published: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Everywhere:
    """One post with the image for a Page, an Instagram account and a LinkedIn Page, each in words of its own."""

    facebook: str
    instagram: str
    linkedin: str


PEOPLE: Final = {
    "p-maya": ("Maya Okafor", "maya@northwind.example"),
    "p-sara": ("Sara Lund", "sara@northwind.example"),
    "p-ivo": ("Ivo Brandt", "ivo@northwind.example"),
    "p-lin": ("Lin Zhao", "lin@northwind.example"),
    "p-tomas": ("Tomas Reyes", "tomas@harbor.example"),
    "p-nadia": ("Nadia Haddad", "nadia@harbor.example"),
}

NORTHWIND: Final = Organization(
    key="northwind",
    name="Northwind Coffee Roasters",
    zone="Europe/Berlin",
    roles={"p-maya": Role.ADMIN, "p-sara": Role.EDITOR, "p-ivo": Role.APPROVER, "p-lin": Role.VIEWER},
    admin="p-maya",
    author="p-sara",
    approver="p-ivo",
    page="Northwind Coffee",
    instagram="northwind.coffee",
    linkedin="Northwind Roastery",
    published=(
        (
            "Our new Ethiopia Guji is in. Peach, jasmine, black tea. Roasted on Tuesday, in shops today.",
            None,
        ),
        (
            "Which grind for which brewer? We tested nine on one burr set and wrote down what we learned.",
            "https://northwind.example/grind-guide",
        ),
        ("Six years ago we roasted our first bag in a borrowed garage. Thank you for every morning since.", None),
        ("Meet Ana, who runs our Lisbon cuppings. She can tell a washed Kenya from the doorway.", None),
        (
            "Three lessons from shipping weekly:\n1. Small batches.\n2. Labels beat boxes.\n3. Draw the manual.",
            None,
        ),
        ("The oat milk question, settled by 212 blind tastings in our Berlin shop.", "https://northwind.example/oat"),
        ("Holiday hours: all shops close at 14:00 on 24 December and open again on the 27th.", None),
        (
            "We pay our growers on delivery, not on sale. Here is what changed in the first season.",
            "https://northwind.example/growers",
        ),
        ("Decaf that doesn't apologise: sugarcane process, Colombia Huila, back on the shelf this week.", None),
        ("Free cupping this Saturday at 11:00 in Kreuzberg. Eight chairs, first come, first served.", None),
        ("What does 'natural process' mean? Forty seconds, no jargon, one very messy table.", None),
        ("Our carbon report is out: what we got wrong, and what we changed.", "https://northwind.example/report"),
        ("Barista exam day. Fourteen candidates, eleven passes, one broken jug. Congratulations!", None),
        ("Refill week: bring any clean jar and pay by weight in every shop until Sunday.", None),
    ),
)

HARBOR: Final = Organization(
    key="harbor",
    name="Harbor Museum",
    zone="America/New_York",
    roles={"p-tomas": Role.ADMIN, "p-nadia": Role.EDITOR, "p-maya": Role.APPROVER},
    admin="p-tomas",
    author="p-nadia",
    approver="p-maya",
    page="Harbor Museum",
    instagram="harbor.museum",
    linkedin=None,
    published=(
        ("The 1911 pilot cutter is back on the quay after two winters in the shed. Come and smell the tar.", None),
        ("Late opening every Thursday in November: the lantern room until 22:00.", "https://harbor.example/late"),
        ("A letter found behind a bulkhead, and the sailor who wrote it. Our archivist tells the story.", None),
        ("Knot of the month: the monkey's fist. Bring two metres of rope.", None),
        ("Free entry for everyone under 26, from today and for good.", "https://harbor.example/free"),
    ),
)

ORGANIZATIONS: Final = (NORTHWIND, HARBOR)

EVERYWHERE_PUBLISHED: Final = Everywhere(
    facebook="The filter bar in Kreuzberg pours again. Today: Kenya Gichathaini, and the plum bun while it lasts.",
    instagram="The filter bar is back. Kenya in the cup, plum bun on the side. #filtercoffee #kreuzberg",
    linkedin=(
        "Our filter bar in Kreuzberg is open again after six weeks of building. What we changed (and why): one grinder"
        " per coffee, water measured every morning, and a bar low enough to talk across. #specialtycoffee"
    ),
)
EVERYWHERE_SCHEDULED: Final = Everywhere(
    facebook="Latte art for beginners, Thursday at 18:00 in Mitte. Milk, patience and an apron are ours.",
    instagram="Latte art, Thursday 18:00, Mitte. Bring a steady hand. #latteart #berlin",
    linkedin="Teams of up to ten can book our latte art evenings in Mitte: a calm way to end a quarter. #teamevent",
)
EVERYWHERE_IN_REVIEW: Final = Everywhere(
    facebook="Meet the cup of the season: stoneware, made two streets from our roastery.",
    instagram="Cup of the season. Stoneware, made two streets away. #ceramics #coffeetime",
    linkedin="We buy our cups two streets from the roastery. What buying locally costs us and saves us. #sourcing",
)
LINKEDIN_PUBLISHED: Final = (
    "We are looking for a head of quality: 60 % cupping, 30 % spreadsheets, 10 % arguing about water. (Leipzig)"
)

IN_REVIEW: Final = (
    ("Winter menu lands on Friday: cardamom flat white, smoked maple cortado, and the return of the plum bun.", None),
    (
        "We are hiring a roaster in Leipzig. Night owl, spreadsheet friend, forklift licence a plus.",
        "https://northwind.example/jobs",
    ),
)
SCHEDULED: Final = (
    ("Cyber Monday, but calm: 15 % off every subscription, no countdown clock.", "https://northwind.example/calm"),
    ("Advent calendar, door one: a sample of our Rwanda Gitesi with your next order.", None),
    ("How we cup: the four things we write down before anybody is allowed to talk.", None),
)
APPROVED: Final = ("Evergreen: why we print the roast date and never a best-before.", None)
DRAFTS: Final = (
    ("Idea: a map of every neighbour's window that smells of our roastery. Ask Lin for the photo.", None),
    ("Poll? Filter or espresso, and what would change your mind.", None),
)
CHANGES: Final = ("BEST coffee in Berlin, period!!!", "Can we prove that? Please say what makes it good instead.")
CANCELLED: Final = ("Pop-up at the winter market, moved to January because of the building site.", None)
FAILED: Final = ("Win a year of coffee: tag three friends to enter!", None)
UNCLEAR: Final = ("Tonight only: the roastery stays open until midnight. Tea for those who must.", None)
LATE: Final = ("Good morning! The first batch of the day is out of the drum right now.", None)
# Came due while their account was paused.
OVERDUE: Final = (
    ("Wholesale tasting on Thursday: two seats for each café. Write to your account manager.", None),
    ("From January on the smallest delivery is 6 kg, mixed bags welcome.", "https://northwind.example/wholesale"),
)
HELD: Final = ("Wholesale price list for January is out. Your account manager has the details.", None)
