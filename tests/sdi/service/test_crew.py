from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.exceptions import HTTPException

from sdi.service.crew import Crew


def test_work_beyond_the_queue_is_refused_and_the_rest_is_done():
    gate = threading.Event()

    async def story():
        crew = Crew("test", threads=1, waiting=2)
        running = [asyncio.create_task(crew.run(gate.wait)) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(HTTPException) as refused:
            await crew.run(gate.wait)
        gate.set()
        done = await asyncio.gather(*running)
        after = await crew.run(lambda: "free again")
        crew.close()
        return refused.value, done, after

    refused, done, after = asyncio.run(story())
    assert (refused.status_code, refused.headers) == (503, {"Retry-After": "1"})
    assert done == [True, True, True]
    assert after == "free again"


def test_what_the_work_raises_arrives():
    async def story():
        crew = Crew("test", threads=1, waiting=0)
        try:
            await crew.run(lambda: 1 // 0)
        finally:
            crew.close()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(story())


def test_slow_work_of_one_kind_leaves_another_kind_alone():
    gate = threading.Event()

    async def story():
        slow, quick = Crew("slow", threads=1, waiting=9), Crew("quick", threads=1, waiting=9)
        stuck = [asyncio.create_task(slow.run(gate.wait)) for _ in range(5)]
        answer = await asyncio.wait_for(quick.run(lambda: "at once"), timeout=5)
        gate.set()
        await asyncio.gather(*stuck)
        slow.close()
        quick.close()
        return answer

    assert asyncio.run(story()) == "at once"


def test_work_that_nobody_waits_for_is_not_begun_and_gives_back_its_room():
    gate, done = threading.Event(), []

    async def story():
        crew = Crew("test", threads=1, waiting=1)
        running = asyncio.create_task(crew.run(gate.wait))
        waiting = asyncio.create_task(crew.run(done.append, "begun"))
        await asyncio.sleep(0.05)
        assert crew.load == 2
        waiting.cancel()
        await asyncio.wait([waiting])
        assert crew.load == 1
        running.cancel()
        await asyncio.wait([running])
        assert crew.load == 1, "its thread is still at work"
        gate.set()
        await asyncio.sleep(0.2)
        assert crew.load == 0
        crew.close()

    asyncio.run(asyncio.wait_for(story(), 10))
    assert not done
