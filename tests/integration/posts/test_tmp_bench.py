import time
from uuid import uuid4
import psycopg
from core.posts import queries, commands
from core.posts.rules import Word
from core.posts.views import Filters
from core.infra import db
from sqlalchemy import text as sql
from tests.factories.posts import make_team, make_approved, soon
from tests.factories.accounts import make_account

def test_bench(committed_database, owner_connection, worker_database):
    team = make_team()
    accts=[team.account_id]+[make_account(team.admin,name=f"P{n}").id for n in range(2)]
    with worker_database.organization_transaction(team.organization_id,"program:x","t") as s: pass
    with db.transaction(team.author) as s:
        s.execute(sql("""insert into masthead.post(organization_id,id,author_id,updated_by,text,slot_at,created_at)
         select :o, gen_random_uuid(), :m, :m, repeat('word '||n||' ', 40), case when n%3=0 then null else now() - n * interval '1 hour' end, now() - n*interval '1 hour'
         from generate_series(-60,5000) n"""),{"o":team.organization_id,"m":team.author.member_id})
        s.execute(sql("""insert into masthead.publication(organization_id,id,post_id,account_id,intent_key,payload,payload_sha256,approved_payload,approved_sha256,approved_until,due_at,not_after,state)
          select p.organization_id, gen_random_uuid(), p.id, a.id, p.id::text||a.id, jsonb_build_object('network','facebook','account','1','text',p.text,'link',null,'media','[]'::jsonb,'options','{}'::jsonb), sha256(p.id::text::bytea), '{}', sha256(p.id::text::bytea), now()+interval '9 days', coalesce(p.slot_at, now()), coalesce(p.slot_at,now())+interval '30 min', 'scheduled'
          from masthead.post p cross join masthead.account a"""))
        pass
    owner_connection.execute("select set_config('app.organization_id', %s, false)", (str(team.organization_id),))
    owner_connection.execute("alter table masthead.publication disable trigger user")
    owner_connection.execute("""update masthead.publication set state = case when due_at > now() then 'scheduled' when random() < 0.96 then 'published' when random() < 0.5 then 'cancelled' else 'failed' end, provider_post_id = null, proof='{}', published_at = due_at, updated_at = due_at""")
    owner_connection.execute("alter table masthead.publication enable trigger user")
    owner_connection.execute("analyze")
    def t(name, f):
        f(); best=min((lambda a:(f(),time.perf_counter()-a)[1])(time.perf_counter()) for _ in range(5)); print(f"{name}: {best*1000:.1f} ms")
    t("listing", lambda: queries.listing(team.viewer))
    page=queries.listing(team.viewer)
    t("page2", lambda: queries.listing(team.viewer, after=page.after))
    t("listing failed(none)", lambda: queries.listing(team.viewer, Filters(words=(Word.FAILED,))))
    t("text", lambda: queries.listing(team.viewer, Filters(text="word 19999 ")))
    t("home", lambda: queries.home(team.approver))
    t("counts", lambda: queries.counts(team.approver))
    t("queue", lambda: queries.review_queue(team.approver))
    pid=page.rows[0].id
    t("detail", lambda: queries.detail(team.approver,pid))
    t("draft", lambda: queries.draft(team.approver,pid))
