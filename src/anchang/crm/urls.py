"""Addresses of the customer work's special screens."""

from django.urls import path

from anchang.crm.views import (
    customer,
    duplicates,
    floor,
    follow_up,
    grades,
    hand_over,
    pool,
    reception,
    segments,
    visit,
)

urlpatterns = [
    path("customers/<int:customer_id>/", customer.customer_page, name="crm-customer"),
    path("customers/<int:record_id>/follow-up", follow_up.follow_up, name="crm-follow-up"),
    path("leads/<int:record_id>/follow-up", follow_up.follow_up, {"kind": "leads"}, name="crm-lead-follow-up"),
    path("follow-ups/new", follow_up.choose_customer, name="crm-follow-up-new"),
    path("customers/duplicates/", duplicates.search_page, name="crm-duplicates"),
    path("customers/compare/", duplicates.compare, name="crm-compare"),
    path("customers/merge/", duplicates.merge, name="crm-merge"),
    path("customers/grades/", grades.grades_page, name="crm-grades"),
    path("customers/segments/", segments.segments_page, name="crm-segments"),
    path("visit/new", reception.visit_new, name="crm-visit-new"),
    path("visit/lookup", reception.visit_lookup, name="crm-visit-lookup"),
    path("calls/new", reception.call_new, name="crm-call-new"),
    path("leads/new", reception.lead_new, name="crm-lead-new"),
    path("visits/<int:visit_id>/", visit.visit_page, name="crm-visit"),
    path("visits/<int:visit_id>/feedback", visit.visit_feedback, name="crm-visit-feedback"),
    path("visits/<int:visit_id>/tour", visit.visit_tour, name="crm-visit-tour"),
    path("visits/<int:visit_id>/leave", visit.visit_leave, name="crm-visit-leave"),
    path("floor/", floor.floor_page, name="crm-floor"),
    path("floor/turns/<int:turn_id>/", floor.turn_page, name="crm-turn"),
    path("floor/state", floor.floor_state, name="crm-floor-state"),
    path("floor/next", floor.floor_next, name="crm-floor-next"),
    path("pool/", pool.pool_page, name="crm-pool"),
    path("pool/<int:lead_id>/claim", pool.pool_claim, name="crm-pool-claim"),
    path("pool/customers/<int:customer_id>/claim", pool.pool_customer_claim, name="crm-pool-customer-claim"),
    path("hand-over/", hand_over.hand_over_page, name="crm-hand-over"),
]
