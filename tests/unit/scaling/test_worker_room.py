"""Whether workers have room: in memory, and among the database's connections."""

from dataclasses import replace

from dogansystem.scaling.sizing import MEMORY, Room, why_not

ROOM = Room(memory=10 * MEMORY, alive=2, max_connections=151, other_connections=20)


def test_what_fits_has_no_reason_against_it():
	assert why_not(12, ROOM) == []


def test_memory_is_only_needed_for_those_that_are_not_there_yet():
	assert why_not(12, replace(ROOM, memory=10 * MEMORY)) == []
	(reason,) = why_not(13, ROOM)
	assert "11 more" in reason and "Take 12 or fewer" in reason


def test_where_the_memory_is_not_known_it_is_no_reason():
	assert why_not(50, replace(ROOM, memory=None)) == []


def test_every_node_s_workers_need_connections():
	assert why_not(12, replace(ROOM, nodes=4)) == []
	(reason,) = why_not(12, replace(ROOM, nodes=5))
	assert "max_connections is 151" in reason


def test_the_number_it_says_to_set_is_enough():
	room = replace(ROOM, memory=None, nodes=7)
	(reason,) = why_not(60, room)
	to_set = int(reason.split("max_connections = ")[1].split("`")[0])
	assert why_not(60, replace(room, max_connections=to_set)) == []
	assert why_not(60, replace(room, max_connections=to_set - 20)) != []
