"""The far end of the dead man's switch hears the real heartbeat, and tells people when it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from model.deployment import Deployment
from tests.acceptance import far_end
from tests.acceptance.killing import kill
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import installed, start
from tests.conftest import Programs

pytestmark = pytest.mark.acceptance


def test_it_is_silent_while_the_heart_beats_and_tells_once_when_it_does_not(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The heart beats for real; then Alertmanager is killed, and the clock of Windows runs ahead, a minute a look."""
    with ScratchHost(tmp_path_factory.mktemp("far-end") / "host") as host:
        stack = installed(host, production, program, debian_program("nginx"))
        far = far_end.begin(stack)
        start(stack, ("alertmanager", "prometheus"))
        host.wait("the first heartbeat", lambda: far.beat > 0, 90)
        kill(stack, "alertmanager")
        said = []
        for minute in range(13):
            far.ahead = timedelta(minutes=minute)
            far.look()
            said.append(len(far.told))
        silent_for = production.environment.notifications.dead_mans_switch.silent_for.seconds // 60
        assert said == [0] * silent_for + [1] * (13 - silent_for)
        assert far.told[0].startswith(f"{stack.name} の監視が {silent_for} 分間応答していません")
