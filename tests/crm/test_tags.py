"""Tags of customers: by hand and by rule, in filters, order and export; segments as lists and batches (C07)."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anchang.crm.commands.tagging import tag_changed
from anchang.crm.models import Customer, CustomerTag, Tag
from anchang.kernel.errors import DomainError
from anchang.platform import conditions, jobs, reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.exporting.rows import Export, Wanted
from anchang.platform.models import FieldRule, Role, SavedView
from tests.factories import PASSWORD, Office, make_office, run

pytestmark = pytest.mark.django_db
CUSTOMERS = resources.get("customers")


@pytest.fixture
def office() -> Office:
    return make_office()


def add(access, n: int, name: str, **data):
    return run("add_customers", access, project="YQ", name=name, phone=f"1380000{n:04d}", **data)


def names(access, **query) -> list[str]:
    return [row["name"] for row in reading.list_rows(CUSTOMERS, access, reading.Query(**query)).items]


def tags_of(access, customer) -> list[str]:
    row = reading.get_row(CUSTOMERS, access, customer.pk)
    return [tag["label"] for tag in row["tags"] or []]


def test_tags_by_hand_filter_sort_and_leave_with_an_export(office):
    with office.as_("manager") as access:
        school = run("add_tags", access, project="YQ", name="学区")
        chen = add(access, 1, "陈一", tags=["学区", "急购"])
        zhou = add(access, 2, "周二", tags=[school.pk])
        add(access, 3, "李三")
        assert tags_of(access, chen) == ["学区", "急购"] and tags_of(access, zhou) == ["学区"]
        urgent = Tag.objects.get(name="急购")
        for test, found in (
            ({"op": "in", "value": [school.pk]}, ["周二", "陈一"]),
            ({"op": "eq", "value": "急购"}, ["陈一"]),
            ({"op": "in", "value": [urgent.pk, "没有"]}, ["陈一"]),
            ({"op": "ne", "value": "急购"}, ["李三", "周二"]),
            ({"op": "empty", "value": True}, ["李三"]),
            ({"op": "empty", "value": False}, ["周二", "陈一"]),
        ):
            assert names(access, where={"field": "tags"} | test) == found, test
        assert names(access, where={"field": "tags.name", "op": "starts", "value": "急"}) == ["陈一"]
        assert names(access, order="-tags")[-1] == "李三"
        page = reading.list_rows(CUSTOMERS, access, reading.Query(order="tags", limit=1))
        rest = reading.list_rows(CUSTOMERS, access, reading.Query(order="tags", limit=5, cursor=page.next))
        assert len(page.items) == 1 and len(rest.items) == 2 and rest.items[-1]["name"] == "李三"
        export = Export(CUSTOMERS, access, office.project, Wanted(columns=("name", "tags"), order="name"))
        cells = dict(export._rows(lambda: office.as_("manager"), lambda _n: None))
        assert cells == {"陈一": "学区、急购", "周二": "学区", "李三": None}
        run("set_tags", access, chen, tags=["急购"])
        assert tags_of(access, chen) == ["急购"]
        run("edit_customer", access, chen, tags=[])
        assert tags_of(access, chen) == []
        run("add_tags_to", access, zhou, tags=["急购"])
        run("remove_tags_from", access, zhou, tags=["学区"])
        assert tags_of(access, zhou) == ["急购"]


def test_consultants_choose_tags_and_make_none(office):
    with office.as_("manager") as access:
        run("add_tags", access, project="YQ", name="学区")
    with office.as_("consultant1") as access:
        mine = add(access, 1, "陈一", tags=["学区"])
        with pytest.raises(DomainError) as refused:
            run("set_tags", access, mine, tags=["学区", "新词"])
        assert refused.value.fields == {"tags": "not_found"}
        assert tags_of(access, mine) == ["学区"]


def test_a_rule_gives_and_takes_and_nobody_does_it_by_hand(office):
    with office.as_("manager") as access:
        often = run("add_tags", access, project="YQ", name="常客",
                    condition={"field": "visit_count", "op": "gte", "value": 1})  # fmt: skip
        chen, zhou = add(access, 1, "陈一"), add(access, 2, "周二")
        run("register_visits", access, project="YQ", phone="13800000001", name="陈一")
        assert run("apply_tag", access, often) == {"id": often.pk, "given": 1, "taken": 0}
        assert tags_of(access, chen) == ["常客"] and tags_of(access, zhou) == []
        for verb in ("add_tags_to", "remove_tags_from"):
            with pytest.raises(DomainError) as refused:
                run(verb, access, zhou, tags=["常客"])
            assert refused.value.fields == {"tags": "tag_by_rule"}
        run("set_tags", access, chen, tags=[])
        assert tags_of(access, chen) == ["常客"]
        run("edit_tag", access, often, condition={"field": "grade", "op": "eq", "value": "A"})
        jobs.run_now("crm.apply_tag", access, office.project, tag=often.pk)
        assert tags_of(access, chen) == []


@pytest.mark.django_db(transaction=True)
def test_rules_follow_the_events_of_customers(office):
    with office.as_("manager") as access:
        run("add_tags", access, project="YQ", name="意向", condition={"field": "grade", "op": "in", "value": ["A", "B"]})
    with office.as_("system") as access:
        assert tag_changed(Context(access, office.project)) == 0
    with office.as_("consultant1") as access:
        mine = add(access, 1, "陈一", grade="B")
        add(access, 2, "周二")
    with office.as_("system") as access:
        assert tag_changed(Context(access, office.project)) == 1
        assert tag_changed(Context(access, office.project)) == 0
        assert tags_of(access, mine) == ["意向"]
    with office.as_("consultant1") as access:
        run("change_grade", access, mine, grade="D")
    with office.as_("system") as access:
        assert tag_changed(Context(access, office.project)) == 1
        assert CustomerTag.objects.count() == 0


def test_rules_cost_two_statements_however_many_customers(office):
    with office.as_("manager") as access:
        tag = run("add_tags", access, project="YQ", name="全部", condition={"field": "grade", "op": "eq", "value": "C"})
        for n in range(12):
            add(access, n, f"客{n}")
        with CaptureQueriesContext(connection) as seen:
            jobs.run_now("crm.apply_tag", access, office.project, tag=tag.pk)
        written = [q for q in seen if "crm_customertag" in q["sql"]]
        assert len(written) == 2 and CustomerTag.objects.count() == 12


def test_a_hidden_field_stands_in_nobodys_rule(office):
    FieldRule.objects.create(role=Role.objects.get(code="manager"), resource="customers", field="note", mode="hide")
    bump_stamp()
    with office.as_("manager") as access:
        with pytest.raises(DomainError) as refused:
            run("add_tags", access, project="YQ", name="窥", condition={"field": "note", "op": "contains", "value": "富"})
        assert refused.value.code == "bad_condition" and not Tag.objects.exists()
        made = run("add_tags", access, project="YQ", name="空")
        with pytest.raises(DomainError):
            run("edit_tag", access, made, condition={"any": [{"field": "note", "op": "empty"}]})
        with pytest.raises(DomainError) as turning:
            run("edit_tag", access, made, condition={"field": "tags", "op": "eq", "value": "空"})
        assert turning.value.fields == {"condition": "tag_rule_on_tags"}


def test_a_hidden_list_of_tags_is_hidden_in_filters_too(office):
    FieldRule.objects.create(role=Role.objects.get(code="consultant"), resource="customers", field="tags", mode="hide")
    bump_stamp()
    with office.as_("consultant1") as access:
        mine = add(access, 1, "陈一")
        for verb in ("set_tags", "add_tags_to", "remove_tags_from"):
            with pytest.raises(DomainError) as refused:
                run(verb, access, mine, tags=[])
            assert refused.value.fields == {"tags": "forbidden"}
        assert "tags" not in reading.list_rows(CUSTOMERS, access, reading.Query()).items[0]
        for query in ({"where": {"field": "tags", "op": "eq", "value": "学区"}}, {"order": "tags"}):
            with pytest.raises(DomainError):
                names(access, **query)


def test_condition_on_tags_is_refused_where_it_means_nothing(office):
    node = conditions.parse({"field": "tags", "op": "gt", "value": 3})
    with office.as_("system") as access, pytest.raises(DomainError):
        conditions.compile_condition(node, CUSTOMERS, access, (office.project.pk,), Context(access, office.project).now)


# --- segments ------------------------------------------------------------------------------------


def segment(access, name: str, where) -> SavedView:
    return run("save_views", access, project="YQ", resource="customers", name=name, query={"where": where})


def test_a_segment_counts_lists_and_picks_a_batch(office, client):
    with office.as_("manager") as access:
        for n, grade in enumerate("AABC"):
            add(access, n, f"客{n}", grade=grade)
        best = segment(access, "准客户", {"field": "grade", "op": "eq", "value": "A"})
        assert run("count_segment", access, project="YQ", segment=best.pk) == {"count": 2}
        answer = run("run_segment", access, project="YQ", segment=best.pk, verb="add-tags", data={"tags": ["重点"]})
        assert answer == {"done": 2, "refused": {}}
        assert sorted(Customer.objects.filter(pk__in=CustomerTag.objects.values("customer"))
                      .values_list("grade", flat=True)) == ["A", "A"]  # fmt: skip
        answer = run("run_segment", access, project="YQ", segment=best.pk, verb="change-grade", data={"grade": "A"})
        assert answer == {"done": 0, "refused": {"same_grade": 2}}
        rule = run("add_tags", access, project="YQ", name="准", segment=best.pk)
        assert rule.condition == {"field": "grade", "op": "eq", "value": "A"}
    assert client.login(username="manager", password=PASSWORD)
    page = client.get("/customers/segments/").content.decode()
    assert "准客户" in page and f"/r/customers/?view={best.pk}" in page
    assert "共 2 条" in client.get(f"/r/customers/totals?view={best.pk}").content.decode()
    begun = client.get(f"/r/tags/new?condition.view={best.pk}").content.decode()
    assert 'value="grade" selected' in begun and 'value="A" selected' in begun
    form = client.get(f"/r/customers/bulk/remove-tags?view={best.pk}").content.decode()
    client.post("/r/customers/bulk/remove-tags", {"ids": ",".join(_ids(form)), "tags": [tag_id(office, "重点")]})
    with office.as_("system"):
        assert not CustomerTag.objects.exists()


def test_a_segment_of_somebody_else_is_shared_or_not_there(office):
    with office.as_("manager") as access:
        add(access, 1, "陈一", owner=office.users["consultant1"].pk)
        add(access, 2, "周二")
        hers = segment(access, "全部", {"field": "grade", "op": "eq", "value": "C"})
    with office.as_("consultant1") as access:
        with pytest.raises(DomainError) as refused:
            run("count_segment", access, project="YQ", segment=hers.pk)
        assert refused.value.status == 404
        SavedView.objects.filter(pk=hers.pk).update(shared=True)
        assert run("count_segment", access, project="YQ", segment=hers.pk) == {"count": 1}
        with pytest.raises(DomainError) as forbidden:
            run("run_segment", access, project="YQ", segment=hers.pk, verb="transfer", data={})
        assert forbidden.value.status == 403


def _ids(form: str) -> list[str]:
    at = form.index('name="ids" value="') + len('name="ids" value="')
    return form[at : form.index('"', at)].split(",")


def tag_id(office, name: str) -> str:
    with office.as_("system"):
        return str(Tag.objects.get(name=name).pk)


def test_the_api_filters_by_tag_and_makes_rules(office, client):
    with office.as_("manager") as access:
        add(access, 1, "陈一", tags=["学区"])
        add(access, 2, "周二")
    assert client.login(username="manager", password=PASSWORD)
    where = json.dumps({"field": "tags", "op": "eq", "value": "学区"})
    answer = client.get("/api/v1/customers", {"where": where, "count": "true"}).json()
    assert answer["count"] == 1 and answer["items"][0]["tags"][0]["label"] == "学区"
    page = client.get("/r/customers/", {"where": where}).content.decode()
    assert "陈一" in page and "周二" not in page
    tags = client.get("/r/tags/").content.decode()
    assert "学区" in tags


def test_pages_show_filter_and_edit_tags(office, client):
    with office.as_("manager") as access:
        made = add(access, 1, "陈一", tags=["学区"], owner=office.users["consultant1"].pk)
        other = run("add_tags", access, project="YQ", name="急购")
        school = Tag.objects.get(name="学区")
    assert client.login(username="manager", password=PASSWORD)
    url = f"/r/customers/{made.pk}"
    form = client.get(f"{url}/do/edit").content.decode()
    assert f'<option value="{school.pk}" selected>学区' in form
    had = {"_had_name": "1", "_had_tags": "1", "name": "陈一一", "tags": [str(school.pk)]}
    client.post(f"{url}/do/edit", had)
    client.post(f"{url}/do/add-tags", {"tags": [str(other.pk)]})
    with office.as_("manager") as access:
        assert tags_of(access, made) == ["学区", "急购"]
        assert Customer.objects.get().name == "陈一一"
    assert "学区" in client.get(f"/customers/{made.pk}/").content.decode()
    editor = client.get("/r/customers/filter?field=tags").content.decode()
    assert "/r/tags/pick" in editor
    found = client.get("/r/customers/filter", {"field": "tags", "op": "in", "value_in": str(school.pk), "apply": "1"})
    listed = client.get(found["Location"]).content.decode()
    assert "陈一一" in listed and "学区" in listed
    client.post("/r/customers/columns", {"column": ["name", "tags"]})
    assert "学区、急购" in client.get("/r/customers/?order=-tags").content.decode()
