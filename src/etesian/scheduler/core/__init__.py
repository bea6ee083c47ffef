"""Events in, decisions out. No clock, no I/O, no randomness, no global. The active runs live in memory.

``core`` is the way in. What it knows is in ``memory`` (made of ``graph``, ``limits``, ``ready`` and ``timers``); how a
task instance changes is in ``moves``. Everything else answers one question:

- what is due: ``runs_due``, ``assets``, ``backfills``, ``deadlines``; what a run goes through: ``runs``
- may it start: ``upstream``, ``past``, ``expand``; in which order, within which limits: ``lanes``, ``dispatch``
- what workers say: ``claims``, ``outcomes``, ``attempts``, ``deferral``, ``callbacks``
- what users say: ``selection``, ``clear``, ``mark``, ``delete``, ``halt``, ``versions``
- what the shell says: ``known``, ``recovery`` with ``restore`` and ``unload``
- why does it not run: ``blockers``

Parts leave work for each other in lists of ``memory``; ``settle`` goes through them until nothing moves any more.
"""
