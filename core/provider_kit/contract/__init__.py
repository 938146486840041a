"""What every provider keeps, as a suite to inherit (ARCHITECTURE, habit 9).

    class TestMeta(ProviderContract): ...
    class TestFacebook(PublisherContract): ...
    class TestMember(UnreadablePublisherContract): ...
    class TestFacebookForms(FormsContract): ...

A test class fills in the abstract hooks at the top of each class and sets `stand_in`, a server that the provider's
settings point at; the `test_*` methods come with the inheritance. The suite needs no test library: a broken promise is
an AssertionError with the promise in words.
"""

from core.provider_kit.contract.forms import FormsContract
from core.provider_kit.contract.means import CANARY, KeptSteps, Refusal, Shown, StandIn, promise
from core.provider_kit.contract.provider import ProviderContract
from core.provider_kit.contract.publisher import PublisherContract, UnreadablePublisherContract

__all__ = [
    "CANARY",
    "FormsContract",
    "KeptSteps",
    "ProviderContract",
    "PublisherContract",
    "Refusal",
    "Shown",
    "StandIn",
    "UnreadablePublisherContract",
    "promise",
]
