"""The tables of Meta's world."""

TABLES = """
create table meta_page (
    number integer primary key, id text not null unique, name text not null, category text not null,
    username text, about text, business_id text
);
create table meta_instagram (
    number integer primary key, id text not null unique, page_id text not null unique, username text not null unique,
    name text not null, biography text not null, professional integer not null
);
create table meta_container (
    id text primary key, account_id text not null, app_id text not null, kind text not null,
    shows text not null, caption text,
    alt_text text not null, detail text not null, children text not null, resumable integer not null,
    file_size integer, received integer not null, sha256 text, cover text, thumb_offset_ms integer not null,
    created_at real not null, uploaded_at real, ready_at real not null, polls_left integer not null,
    error_subcode integer, media_id text, shortcode text unique, published_at real
) without rowid;
create index meta_container_of_account on meta_container (account_id, created_at);
create index meta_container_of_media on meta_container (media_id);
create table meta_media (id text primary key, comments_off integer not null) without rowid;
create table meta_photo (
    id text primary key, page_id text not null, app_id text not null, sha256 text not null, width integer not null,
    height integer not null, caption text, alt_text text not null, created_at real not null, post_id text,
    position integer not null
) without rowid;
create index meta_photo_of_post on meta_photo (post_id, position);
create table meta_video (
    number integer primary key, id text not null unique, page_id text not null, app_id text not null,
    kind text not null, begun_as text not null, session text unique, file_size integer,
    received integer not null default 0, sha256 text, width integer not null default 0,
    height integer not null default 0, seconds real not null default 0, title text, description text, thumbnail text,
    state text, detail text not null default '{}', created_at real not null, uploaded_at real,
    ready_at real not null default 0, polls_left integer not null default 0, error integer, finished_at real,
    publish_at real, post_id text unique
);
create index meta_video_of_page on meta_video (page_id, number);
create table meta_upload (
    id text primary key, person_id text not null, app_id text not null, file_name text not null,
    file_size integer not null, file_type text not null, received integer not null, sha256 text, handle text unique,
    created_at real not null
) without rowid;
create table meta_role (
    page_id text, person_id text, tasks text not null, primary key (person_id, page_id)
) without rowid;
create table meta_business (id text primary key, name text not null) without rowid;
create table meta_business_person (
    business_id text, person_id text, primary key (person_id, business_id)
) without rowid;
create table meta_consent (
    app_id text, person_id text, all_pages integer not null, given_at real not null, access_ends_at real not null,
    primary key (app_id, person_id)
) without rowid;
create table meta_consent_page (
    app_id text, person_id text, page_id text, primary key (app_id, person_id, page_id)
) without rowid;
create table meta_permission (
    app_id text, person_id text, scope text, status text not null, primary key (app_id, person_id, scope)
) without rowid;
create table meta_subscription (
    app_id text, page_id text, fields text not null, primary key (app_id, page_id)
) without rowid;
create table meta_app_subscription (
    app_id text, object text, callback_url text not null, fields text not null, version text not null,
    primary key (app_id, object)
) without rowid;
create table meta_code (
    code text primary key, app_id text not null, person_id text not null, redirect_uri text not null,
    expires_at real not null, used_at real
) without rowid;
create table meta_token (
    token text primary key, kind text not null, app_id text not null, person_id text not null, page_id text,
    long_lived integer not null, issued_at real not null, expires_at real not null, dead integer
) without rowid;
create index meta_token_of_person on meta_token (person_id, app_id, page_id);
"""
