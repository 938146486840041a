from __future__ import annotations

import pytest

from core.infra.settings import PublishTimes, SettingsInvalid
from core.publishing import times


def test_the_defaults_fit_together():
    times.refuse_incoherent(PublishTimes())
    assert times.call_timeout_s(PublishTimes()) == 35


def test_a_send_that_could_outlive_its_lease_is_refused_in_one_line():
    with pytest.raises(SettingsInvalid, match=r"MASTHEAD_PUBLISH_LEASE_SENDING_S \(45\) must be more than") as refused:
        times.refuse_incoherent(PublishTimes(lease_sending_s=45))
    assert len(str(refused.value)) <= 200


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch):
    times.times.cache_clear()
    monkeypatch.setenv("MASTHEAD_PUBLISH_TICK_S", "0.5")
    monkeypatch.setenv("MASTHEAD_PUBLISH_READ_SPACING_S", "1,2")
    assert (times.times().tick_s, times.times().read_spacing_s) == (0.5, (1, 2))
    assert times.times() is times.times()
    times.times.cache_clear()
