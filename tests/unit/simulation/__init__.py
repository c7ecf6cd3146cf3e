"""A seeded simulation of the engine and the store: several processes, faults and people, in one thread on one clock.

`pytest tests/unit/simulation --seed 17` (or DOGAN_TEST_SEED=17) plays one seed again. Everything random comes from the seed,
so the same code plays the same story.
"""
