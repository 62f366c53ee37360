"""Declarations: presence, roster, profiles, rotation."""

from django.utils.translation import gettext_lazy as _

from anchang.org import queries
from anchang.org.models import ConsultantProfile, Presence, Roster, Rotation, Turn
from anchang.org.words import explained
from anchang.platform.resources import Field, Resource, register

PRESENCE = register(
    Resource(
        name="presence",
        model=Presence,
        label=_("Presence"),
        plural=_("Presence"),
        area="office",
        icon="user-check",
        owner="user",
        order="-day",
        label_field="day",
        state_field="state",
        fields=(
            Field("user", list=True, to="users"),
            Field("day", list=True),
            Field("state", list=True),
            Field("since", list=True),
            Field("cause", list=True),
            Field("came_at"),
            Field("left_at"),
        ),
    )
)
ROSTERS = register(
    Resource(
        name="rosters",
        model=Roster,
        label=_("Roster entry"),
        plural=_("Roster"),
        area="office",
        icon="calendar",
        owner="user",
        order="-day",
        label_field="day",
        plain=True,
        fields=(
            Field("user", list=True, to="users", form="create"),
            Field("day", list=True, form="create"),
            Field("shift", list=True, form="both"),
            Field("note", list=True, form="both"),
        ),
    )
)
PROFILES = register(
    Resource(
        name="profiles",
        model=ConsultantProfile,
        label=_("Consultant's profile"),
        plural=_("Consultants' profiles"),
        area="setup",
        icon="stars",
        owner="user",
        order="user",
        label_field="level",
        fields=(
            Field("user", list=True, to="users", form="create"),
            Field("level", list=True, form="both"),
            Field("max_open_leads", list=True, form="both"),
            Field("takes_leads", list=True, form="both"),
        ),
    )
)
ROTATIONS = register(
    Resource(
        name="rotation",
        model=Rotation,
        label=_("Reception queue"),
        plural=_("Reception queues"),
        area="office",
        icon="refresh",
        team="team",
        order="name",
        fields=(
            Field("name", list=True, form="edit"),
            Field("team", list=True, to="teams"),
            Field("built_on", list=True),
            Field("queue", label=_("Order"), value=queries.queue_seats, list=True),
        ),
    )
)
TURNS = register(
    Resource(
        name="turns",
        model=Turn,
        label=_("Turn"),
        plural=_("Turns"),
        area="office",
        icon="list-numbers",
        owner="user",
        order="-at",
        label_field="at",
        state_field="kind",
        fields=(
            Field("at", list=True),
            Field("rotation", list=True, to="rotation"),
            Field("user", label=_("Consultant"), list=True, to="users"),
            Field("kind", list=True),
            Field("explanation", list=True, kind="json", words=explained, filter=False, sort=False),
            Field("reason"),
            Field("actor", to="users"),
            Field("business_date"),
        ),
    )
)
