"""What can be done with the site's documents, with the acting user's permissions and in the step's transaction.

The site raises DoesNotExistError, PermissionError and ValidationError; none of them is retried.
"""

from dogansystem.actions.document.moves import Amend as Amend
from dogansystem.actions.document.moves import Convert as Convert
from dogansystem.actions.document.moves import Print as Print
from dogansystem.actions.document.moves import Rename as Rename
from dogansystem.actions.document.moves import Transition as Transition
from dogansystem.actions.document.records import Cancel as Cancel
from dogansystem.actions.document.records import Count as Count
from dogansystem.actions.document.records import Create as Create
from dogansystem.actions.document.records import Delete as Delete
from dogansystem.actions.document.records import Get as Get
from dogansystem.actions.document.records import List as List
from dogansystem.actions.document.records import Submit as Submit
from dogansystem.actions.document.records import Update as Update
from dogansystem.actions.document.records import Upsert as Upsert
from dogansystem.actions.document.sidebar import Assign as Assign
from dogansystem.actions.document.sidebar import Attach as Attach
from dogansystem.actions.document.sidebar import Comment as Comment
from dogansystem.actions.document.sidebar import Share as Share
from dogansystem.actions.document.sidebar import Tag as Tag
from dogansystem.actions.document.sidebar import Unassign as Unassign
