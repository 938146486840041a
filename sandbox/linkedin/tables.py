"""The tables of LinkedIn's world."""

TABLES = """
create table linkedin_organization (
    number integer primary key, id text not null unique, name text not null, vanity_name text not null unique
);
create table linkedin_role (
    organization_id text, person_id text, role text not null, state text not null,
    primary key (person_id, organization_id, role)
) without rowid;
create table linkedin_grant (
    app_id text, person_id text, scopes text not null, expires_at real not null, primary key (app_id, person_id)
) without rowid;
create table linkedin_code (
    code text primary key, app_id text not null, person_id text not null, scopes text not null,
    redirect_uri text not null, expires_at real not null, used_at real
) without rowid;
create table linkedin_token (
    token text primary key, kind text not null, app_id text not null, person_id text not null, scopes text not null,
    consent integer not null, consented_at real not null, issued_at real not null, expires_at real not null,
    dead integer
) without rowid;
create index linkedin_token_of_person on linkedin_token (person_id, app_id);
create table linkedin_asset (
    id text primary key, kind text not null, app_id text not null, owner text not null, upload_expires_at real not null,
    size integer, token text not null, uploaded_at real, sha256 text, trouble text, width integer, height integer,
    duration_s real, ready_at real not null default 0, polls integer not null default 0, slow_s real,
    slowed integer not null default 0, failing integer not null default 0
) without rowid;
create table linkedin_upload (
    key text primary key, asset_id text not null, takes text not null, place integer not null, first integer not null,
    last integer not null, sha256 text
) without rowid;
create index linkedin_upload_of_asset on linkedin_upload (asset_id, takes, place);
create table linkedin_part (etag text primary key, upload text not null, file text not null) without rowid;
create table linkedin_comment (
    id text primary key, author_id text not null, person_id text not null, attributes text not null,
    made_at real not null, listed_at real not null
) without rowid;
create index linkedin_comment_of_author on linkedin_comment (author_id, made_at);
create table linkedin_post (
    id text primary key, account_id text not null, fingerprint text not null, made_at real not null,
    activity text not null unique
) without rowid;
create index linkedin_post_twins on linkedin_post (account_id, fingerprint, made_at);
"""
