-- Many organizations with everything in them, as years of work would leave it. Run by a superuser in one transaction, with
-- foreign keys and triggers off: check and unique constraints still hold. Ids are numbers, so that rows find each other.
--
-- {organizations}: how many; {posts}: how many in all; {in_largest}: how many of those in {largest}, which may be an
-- organization that exists already. The rest is spread evenly. {due_now}: whether some of it is due at once.
set local session_replication_role = replica;
set local synchronous_commit = off;

create function pg_temp.key(kind int, number bigint) returns uuid language sql immutable as $$
  select (lpad(to_hex(kind), 8, '0') || '70008000' || lpad(to_hex(number), 16, '0'))::uuid
$$;
create function pg_temp.organization(number bigint) returns uuid language sql immutable as $$
  select case when number = 1 then {largest}::uuid else pg_temp.key(1, number) end
$$;
create function pg_temp.sha256_of(words text) returns bytea language sql immutable as $$
  select sha256(convert_to(words, 'UTF8'))
$$;
-- A number that looks like chance, the same at every run.
create function pg_temp.chance(number bigint, below int) returns int language sql immutable as $$
  select ((hashint8(number)::bigint + 2147483648) % below)::int
$$;

insert into masthead.organization(id, name, timezone)
select pg_temp.organization(o), 'Organization ' || o, 'Europe/Berlin' from generate_series(1, {organizations}) o
on conflict do nothing;

-- 20 people in each, all of whom are in the next organization too.
insert into masthead.person(id, issuer, subject, email, email_verified, name)
select pg_temp.key(4, o * 100 + i), 'https://scale.example', o || '-' || i, 'person-' || o || '-' || i || '@people.example',
  true, 'Person ' || i || ' of ' || o
from generate_series(1, {organizations}) o, generate_series(0, 19) i;

insert into masthead.member(organization_id, id, person_id, role, last_seen_at)
select pg_temp.organization(o), pg_temp.key(2, o * 100 + i + also * 50),
  pg_temp.key(4, (o + also - 1) % {organizations} * 100 + 100 + i),
  (array['admin','approver','editor','viewer'])[1 + i % 4], clock_timestamp() - i * interval '1 hour'
from generate_series(1, {organizations}) o, generate_series(0, 19) i, generate_series(0, 1) also
where also = 0 or {organizations} > 1;

insert into masthead.console_session(id, key_sha256, person_id, chosen_organization, signed_in_at, expires_at, revoked_at)
select pg_temp.key(5, o * 10000 + i * 100 + s), pg_temp.sha256_of('session ' || o || '-' || i || '-' || s),
  pg_temp.key(4, o * 100 + i), pg_temp.organization(o), clock_timestamp() - s * interval '1 day',
  clock_timestamp() - s * interval '1 day' + interval '12 hours', case when s % 3 = 2 then clock_timestamp() end
from generate_series(1, {organizations}) o, generate_series(0, 19) i, generate_series(0, 9) s;

insert into masthead.invitation(organization_id, id, token_sha256, email, role, invited_by, created_at, expires_at)
select pg_temp.organization(o), pg_temp.key(7, o * 100 + i), pg_temp.sha256_of('invitation ' || o || '-' || i),
  'invited-' || o || '-' || i || '@people.example', 'editor', pg_temp.key(2, o * 100),
  clock_timestamp() - i * interval '1 day', clock_timestamp() + (7 - i) * interval '1 day'
from generate_series(1, {organizations}) o, generate_series(0, 39) i;

insert into masthead.connection(organization_id, id, provider, provider_user_id, name, state, scopes, connected_by,
  choose_until, give_back_at)
select pg_temp.organization(o), pg_temp.key(8, o * 100 + c), case when c % 3 = 0 then 'linkedin' else 'meta' end,
  o || '-' || c, 'Grant ' || c, case when c < 6 then 'active' when c < 8 then 'broken' when c = 8 then 'pending'
    else 'revoked' end, array['pages_show_list'], pg_temp.key(2, o * 100), case when c = 8 then clock_timestamp() + interval '1 h' end,
  case when c = 11 and o % 10 = 0 then clock_timestamp() + interval '1 h' end
from generate_series(1, {organizations}) o, generate_series(0, 11) c;

-- 40 accounts in each, of 8 connections.
insert into masthead.account(organization_id, id, connection_id, provider, network, provider_account_id, name, state)
select pg_temp.organization(o), pg_temp.key(3, o * 100 + i), pg_temp.key(8, o * 100 + i % 8),
  case when i % 8 % 3 = 0 then 'linkedin' else 'meta' end,
  case when i % 8 % 3 = 0 then 'linkedin_organization' when i % 2 = 0 then 'facebook' else 'instagram' end,
  'account-' || o || '-' || i, 'Account ' || i || ' of ' || o,
  case when i < 36 then 'active' when i < 38 then 'auth_broken' else 'disabled' end
from generate_series(1, {organizations}) o, generate_series(0, 39) i;

-- Three of them are paused, and years of pauses are over.
insert into masthead.pause(organization_id, id, scope, provider, account_id, reason, began_at, began_by, ended_at, ended_by)
select pg_temp.organization(o), pg_temp.key(20, o * 1000 + i), 'account', null, pg_temp.key(3, o * 100 + 33 + i % 3), 'Stocktaking.',
  clock_timestamp() - i * interval '1 day', pg_temp.key(2, o * 100),
  case when i >= 3 then clock_timestamp() - i * interval '1 day' + interval '1 hour' end,
  case when i >= 3 then pg_temp.key(2, o * 100) end
from generate_series(1, {organizations}) o, generate_series(0, 199) i;

-- What networks said of each account's budgets; every seventh is spread.
insert into masthead.account_budget(organization_id, account_id, route, percent, said_at, gap, next_call_at)
select organization_id, id, route, 10 + 10 * (row_number() over () % 7), clock_timestamp() - interval '10 min',
  case when row_number() over () % 7 = 6 then interval '20 s' else '0' end,
  case when row_number() over () % 7 = 6 then clock_timestamp() end
from masthead.account, unnest(array['', 'publish']) route
on conflict do nothing;

-- Tokens of accounts and grants: one that counts, and some that were emptied at earlier consents.
insert into masthead.credential(organization_id, id, connection_id, account_id, purpose, state, key_id, wrapped_key, nonce,
  ciphertext, created_at)
select a.organization_id, pg_temp.key(9, row_number() over ()), a.connection_id, a.account_id, a.purpose,
  case age when 0 then 'current' when 1 then 'previous' else 'revoked' end, 'made', '\x00', '\x000000000000000000000000',
  '\x00', clock_timestamp() - age * interval '30 days'
from (select organization_id, connection_id, id as account_id, 'account' as purpose from masthead.account
      where provider_account_id like 'account-%'
      union all
      select organization_id, id, null, 'grant' from masthead.connection where name like 'Grant %') a,
  generate_series(0, 3) age;

-- Each grant in use is cared for, and of the largest organization some are due.
insert into masthead.token_care(organization_id, connection_id, next_check_at, next_renewal_at, checked_at)
select c.organization_id, c.id, clock_timestamp() + random() * interval '6 hours' - interval '1 minute',
  clock_timestamp() + random() * interval '40 days', clock_timestamp()
from masthead.connection c where c.state in ('active','broken')
on conflict do nothing;

insert into masthead.consent(organization_id, id, state_sha256, intent_sha256, session_id, person_id, member_id, provider,
  scopes, redirect_uri, created_at, expires_at)
select pg_temp.organization(o), pg_temp.key(10, o * 100 + i), pg_temp.sha256_of('state ' || o || '-' || i),
  pg_temp.sha256_of('intent ' || o || '-' || i), pg_temp.key(5, o * 10000), pg_temp.key(4, o * 100),
  pg_temp.key(2, o * 100), 'meta', array['pages_show_list'], 'https://ingest.example/oauth', clock_timestamp() - i * interval '1 day',
  clock_timestamp() - i * interval '1 day' + interval '10 minutes'
from generate_series(1, {organizations}) o, generate_series(0, 39) i;

-- 200 images in each, with what two networks get of them.
insert into masthead.media(organization_id, id, file_name, sha256, mime, width, height, size, uploaded_by)
select pg_temp.organization(o), pg_temp.key(11, o * 1000 + i), 'image-' || i || '.jpg',
  pg_temp.sha256_of('image ' || o || '-' || i), 'image/jpeg', 1200, 800, 300000, pg_temp.key(2, o * 100)
from generate_series(1, {organizations}) o, generate_series(0, 199) i;

insert into masthead.rendition(organization_id, media_id, network, sha256, mime, width, height, size)
select organization_id, id, network, sha256, mime, width, height, size
from masthead.media, unnest(array['facebook','instagram']) network where file_name like 'image-%';

insert into masthead.upload(organization_id, id, file_name, size, received, created_by, created_at, finished_at, media_id,
  emptied_at)
select organization_id, pg_temp.key(12, row_number() over ()), file_name, size, size, uploaded_by,
  clock_timestamp() - row_number() over () * interval '1 minute', clock_timestamp(), id, clock_timestamp()
from masthead.media where file_name like 'image-%';

-- Posts, with their organization, state and time.
create temporary table made on commit drop as
select n, o, pg_temp.organization(o) as organization_id, pg_temp.key(6, n) as id,
  pg_temp.key(2, o * 100 + pg_temp.chance(n, 20)) as author_id, state,
  case when state in ('published','failed','needs_human','unknown','cancelled')
      then clock_timestamp() - interval '1 hour' - pg_temp.chance(n + 1, 1051200) * interval '1 minute'
    when state in ('queued','claimed','sending') or (state = 'scheduled' and {due_now} and n % 50 = 0)
      then clock_timestamp() - pg_temp.chance(n, 60) * interval '1 s'
    when state = 'approved' or (state = 'draft' and n % 2 = 0) then null
    else clock_timestamp() + interval '1 hour' + pg_temp.chance(n + 2, 86400) * interval '1 minute' end as slot_at,
  case when n % 250 = 0 then 'We are hiring in organization ' || o || '.'
    else 'Post ' || n || ': ' || repeat('fresh beans, new hours and a word from the team; ', 1 + (n % 6)::int) end as text
from (
  select n, case when n <= {in_largest} or {organizations} = 1 then 1 else 2 + n % greatest({organizations} - 1, 1) end as o,
    case when h < 7900 then 'published' when h < 8700 then 'draft' when h < 8800 then 'in_review'
      when h < 8850 then 'changes_requested' when h < 8950 then 'approved' when h < 9550 then 'scheduled'
      when h < 9750 then 'failed' when h < 9930 then 'cancelled' when h < 9980 then 'needs_human'
      when h < 9990 then 'unknown' when h < 9993 then 'queued' when h < 9996 then 'claimed' else 'sending' end as state
  from (select n, pg_temp.chance(n + 3, 10000) as h from generate_series(1, {posts}::bigint) n) numbers) states;

insert into masthead.post(organization_id, id, author_id, text, link, slot_at, revision, submitted_version, submitted_by,
  submitted_at, reviewer_id, created_at, updated_at, updated_by, deleted_at)
select organization_id, id, author_id, text, case when n % 3 = 0 then 'https://example.org/' || n end, slot_at, 4,
  case when state = 'draft' then 0 else 1 end, case when state <> 'draft' then author_id end,
  case when state <> 'draft' then least(slot_at, clock_timestamp()) - interval '1 day' end,
  case when state <> 'draft' and n % 4 = 0 then pg_temp.key(2, o * 100 + 1) end,
  coalesce(least(slot_at, clock_timestamp()), clock_timestamp() - pg_temp.chance(n, 5000) * interval '1 hour') - interval '3 days',
  coalesce(least(slot_at, clock_timestamp()), clock_timestamp() - pg_temp.chance(n, 5000) * interval '1 hour'), author_id,
  case when state in ('draft','cancelled') and n % 20 = 3 then clock_timestamp() end
from made;

-- Every fifth post has an image, every hundredth four of them.
insert into masthead.post_media(organization_id, id, post_id, media_id, place)
select organization_id, pg_temp.key(18, n * 4 + place), id, pg_temp.key(11, o * 1000 + (n + place) % 200), place
from made, generate_series(0, 3) place where n % 5 = 0 and (place = 0 or n % 100 = 0);

insert into masthead.post_version(organization_id, post_id, version, text, besides, submitted_by)
select organization_id, id, 1, text, '{{"variants": {{}}}}', author_id from made where state <> 'draft';

insert into masthead.review_comment(organization_id, id, post_id, version, kind, text, author_id)
select organization_id, pg_temp.key(13, n), id, 1,
  case state when 'in_review' then 'comment' when 'changes_requested' then 'changes_requested' else 'approved' end,
  'As we said.', pg_temp.key(2, o * 100 + 1)
from made where state <> 'draft';

insert into masthead.post_variant(organization_id, post_id, account_id, text)
select organization_id, id, pg_temp.key(3, o * 100 + pg_temp.chance(n, 34)), 'Otherwise: ' || text from made where n % 10 = 1;

-- One publication of each post, every tenth has a second one on another account.
create temporary table going on commit drop as
select made.*, pg_temp.key(14, n * 2 + second) as publication_id, n * 2 + second as number,
  pg_temp.key(3, o * 100 + (pg_temp.chance(n, 34) + second) % 34) as account_id,
  jsonb_build_object('network', 'facebook', 'account', 'account-' || o || '-' || (pg_temp.chance(n, 34) + second) % 34,
    'text', text, 'link', null, 'media', '[]'::jsonb, 'options', '{{}}'::jsonb) as payload,
  pg_temp.sha256_of(case when state in ('queued','claimed','sending','unknown') then n || text else text end) as sha256,
  state in ('approved','scheduled','queued','claimed','sending','unknown','published')
    or (state in ('needs_human','failed') and n % 2 = 0) as approved
from made, generate_series(0, 1) second where second = 0 or n % 10 = 0;

insert into masthead.publication(organization_id, id, post_id, account_id, intent_key, payload, payload_sha256,
  approved_payload, approved_sha256, approved_at, approved_by, approved_until, due_at, not_after, state, needs, epoch,
  lease_owner, lease_until, attempt_count, next_action_at, provider_post_id, published_at, last_error, created_at, updated_at)
select organization_id, publication_id, id, account_id, number::text, payload, sha256, case when approved then payload end,
  case when approved then sha256 end, case when approved then slot_at - interval '1 day' end,
  case when approved then pg_temp.key(2, o * 100 + 1) end,
  case when approved then coalesce(slot_at, clock_timestamp()) + interval '30 days' end, slot_at,
  slot_at + interval '30 minutes', state,
  case when state = 'needs_human' then (array['outcome','late','approval'])[1 + n % 3] end, 1,
  case when state in ('queued','claimed','sending') then 'sender' end,
  case when state in ('queued','claimed','sending') then clock_timestamp() + interval '1 hour' end, 1,
  case when state = 'unknown' then clock_timestamp() + interval '1 hour' end,
  case when state = 'published' then 'live-' || number end, case when state = 'published' then slot_at end,
  case when state = 'failed' then '{{"message": "The network refused it."}}'::jsonb end,
  coalesce(least(slot_at, clock_timestamp()), clock_timestamp()) - interval '3 days',
  coalesce(least(slot_at, clock_timestamp()), clock_timestamp() - pg_temp.chance(n, 5000) * interval '1 hour')
from going;

insert into masthead.publication_event(organization_id, publication_id, at, from_state, to_state, epoch, actor)
select organization_id, publication_id, coalesce(least(slot_at, clock_timestamp()), clock_timestamp()) - interval '3 days'
  + step * interval '12 hours', (array[null,'draft','in_review','scheduled','sending'])[step],
  (array['draft','in_review','scheduled','sending','published'])[step], 1,
  case when step < 4 then 'person:' || pg_temp.key(4, o * 100) else 'program:sender' end
from going, generate_series(1, case when state = 'draft' then 1 when state = 'published' then 5 else 3 end) step;

insert into masthead.attempt(organization_id, publication_id, step, epoch, state, request_sha256, send_deadline, closed_at,
  opened_at, http_status, provider_code, provider_trace_id, message)
select organization_id, publication_id, 'post', 1,
  case state when 'published' then 'accepted' when 'failed' then 'rejected' when 'sending' then 'open' else 'unknown' end,
  sha256, slot_at + interval '10 s', case when state <> 'sending' then slot_at + interval '1 s' end, slot_at,
  case when state not in ('published','sending') then 400 end,
  case when state not in ('published','sending') then (array['100','190/463','4/2207051'])[1 + n % 3] end, 'T' || n,
  case when state not in ('published','sending') then 'The network refused it.' end
from going where state in ('published','failed','sending','unknown') or (state = 'needs_human' and n % 3 = 0);

insert into masthead.reconcile_read(organization_id, publication_id, attempt_id, complete, matches, evidence)
select organization_id, publication_id, id, true, 0, '{{"seen": 3}}' from masthead.attempt
where state = 'unknown' or (state = 'accepted' and id % 20 = 0);

insert into masthead.publication_link(organization_id, publication_id, state, url, next_try_at)
select organization_id, publication_id, case when n % 100 = 1 then 'missing' when n % 1000 = 2 then 'pending' else 'found' end,
  case when n % 100 <> 1 and n % 1000 <> 2 then 'https://network.example/live-' || number end,
  clock_timestamp() + interval '1 hour'
from going where state = 'published';

-- First comments under some of what is live, a few of them in trouble, and changes of others.
insert into masthead.live_work(organization_id, id, publication_id, kind, text, asked_by, state, next_action_at, closed_at,
  last_error)
select organization_id, pg_temp.key(30, number), publication_id, case when n % 3 = 0 then 'comment' else 'edit' end, 'Said.',
  pg_temp.key(2, o * 100), said.state, case when said.state = 'waiting' then clock_timestamp() + interval '1 hour' end,
  case when said.state <> 'waiting' then clock_timestamp() end, case when said.state = 'failed' then '{{"reason": "No."}}'::jsonb end
from going cross join lateral (select case when n % 997 = 0 then 'failed' when n % 499 = 0 then 'waiting' else 'done' end as state) said
where going.state = 'published' and n % 4 < 2;

insert into masthead.live_event(organization_id, work_id, publication_id, from_state, to_state, epoch, actor)
select organization_id, id, publication_id, 'sending', 'done', 1, 'program:live' from masthead.live_work where state = 'done';

insert into masthead.preflight(organization_id, publication_id, version, due_at, findings)
select p.organization_id, p.id, p.version, p.due_at, case when made.number % 20 = 0 then
  '[{{"severity": "warning", "words": "Its approval lapses before its time.", "fix": "Ask again.", "mend": "approve"}}]'
  else '[]' end::jsonb
from going made join masthead.publication p on p.organization_id = made.organization_id and p.id = made.publication_id
where p.state = 'scheduled' and p.due_at is not null;

insert into masthead.publication_step(organization_id, publication_id, payload_sha256, name, reference, epoch)
select organization_id, publication_id, sha256, 'container', 'made-' || number, 1 from going where n % 5 = 0 and state = 'published';

-- Every token was used on each of the last days, and every grant's was renewed a few times. Written before what people
-- did, who are at it until today: a line's number follows its time.
insert into masthead.audit_event(organization_id, at, actor, action, subject_kind, subject_id, after, correlation_id)
select organization_id, clock_timestamp() - days * interval '1 day', 'program:accounts', action, kind, id::text, '{{}}',
  action || '-' || days
from (select organization_id, id, 'account' as kind, 'token.used' as action from masthead.account
      where provider_account_id like 'account-%'
      union all
      select organization_id, id, 'connection', 'token.renewed' from masthead.connection where name like 'Grant %') token,
  generate_series(1, 20) days;

insert into masthead.audit_event(organization_id, at, actor, action, subject_kind, subject_id, after, correlation_id)
select organization_id, created_at + step * interval '1 minute', 'person:' || pg_temp.key(4, 100),
  (array['post.create','post.save','post.submit'])[step], 'post', id::text, '{{"changed": ["text"]}}', 'click-' || id
from masthead.post, generate_series(1, 3) step where post.revision = 4;

insert into masthead.command_receipt(organization_id, action_id, command)
select organization_id, id, 'post.create' from made;

-- Mail of the last months, a little of it troubled, and its notices; some of them wait for their mail, some are seen.
insert into masthead.mail(organization_id, id, member_id, digest_on, state, tries, next_try_at, last_error, created_at,
  closed_at)
select pg_temp.organization(o), pg_temp.key(15, o * 10000 + i), pg_temp.key(2, o * 100 + i % 20),
  case when i % 4 = 0 then current_date - i / 20 end,
  case when i < 2 then 'waiting' when i % 100 = 7 then 'given_up' else 'sent' end, 1,
  clock_timestamp() + interval '1 hour', case when i % 100 = 7 or i < 2 then 'No such mailbox.' end,
  clock_timestamp() - i * interval '3 hours', case when i >= 2 then clock_timestamp() - i * interval '3 hours' end
from generate_series(1, {organizations}) o, generate_series(0, 399) i;

insert into masthead.notice(organization_id, id, member_id, kind, cause, dedupe_key, subject_kind, subject_id, data,
  delivery, mail_id, at, seen_at)
select mail.organization_id, pg_temp.key(16, row_number() over ()), mail.member_id,
  (array['approval_asked','approved','failed'])[1 + part], mail.id::text, mail.id || '-' || part, 'post', mail.id, '{{}}',
  case when part = 2 then 'off' else 'at_once' end, case when part < 2 then mail.id end,
  mail.created_at - interval '1 minute', case when part <> 1 then mail.created_at end
from masthead.mail, generate_series(0, 2) part where mail.id::text like '0000000f%';

insert into masthead.notice(organization_id, id, member_id, kind, dedupe_key, subject_kind, subject_id, data, delivery)
select pg_temp.organization(o), pg_temp.key(17, o * 100 + i), pg_temp.key(2, o * 100 + i % 20), 'approval_asked',
  'unmailed-' || i, 'post', pg_temp.key(6, i), '{{}}', 'daily'
from generate_series(1, {organizations}) o, generate_series(1, 40) i;

insert into masthead.notice_preference(organization_id, member_id, kind, delivery)
select organization_id, id, kind, 'daily' from masthead.member, unnest(array['approved','failed']) kind
where id::text like '00000002%';

insert into masthead.notice_mark(organization_id, read_until)
select pg_temp.organization(o), clock_timestamp() - interval '1 hour' from generate_series(1, {organizations}) o
on conflict do nothing;
