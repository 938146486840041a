// What a post says, as one value: {text, link, files, cover, format, options, comment, variants}. A variant holds what
// one account gets instead: null, and an option that isn't there, are the post's own (core/posts/content.py).
// `scope` is what is being written: null for all accounts, else the id of one.
const AS_THE_POST = Object.freeze({ text: null, files: null, cover: null, format: null, options: Object.freeze({}), comment: null })

function variantOf (version, account) {
  return version.variants[account] ?? AS_THE_POST
}

// What an account gets, or with null what those get that have nothing of their own: `Content.of` in core.
function given (version, scope) {
  const variant = scope === null ? AS_THE_POST : variantOf(version, scope)
  return {
    text: variant.text ?? version.text,
    link: version.link,
    files: variant.files ?? version.files,
    cover: variant.files === null ? version.cover : variant.cover,
    format: scope === null ? null : variant.format,
    common: version.format,
    options: { ...version.options, ...variant.options },
    comment: variant.comment ?? version.comment
  }
}

// The version with these parts of the post, or of one account's variant, changed.
function changed (version, scope, parts) {
  if (scope === null) return { ...version, ...parts }
  const variant = { ...variantOf(version, scope), ...parts }
  if (variant.files === null) variant.cover = null
  const variants = { ...version.variants, [scope]: variant }
  if (stable(variant) === stable(AS_THE_POST)) delete variants[scope]
  return { ...version, variants }
}

// The options of a scope with one of them changed; undefined takes it away.
function withOption (version, scope, key, value) {
  const options = { ...(scope === null ? version.options : variantOf(version, scope).options), [key]: value }
  if (value === undefined) delete options[key]
  return options
}

function same (one, other) {
  return Boolean(one && other) && stable(one) === stable(other)
}

// A value as text, whatever order its names are in.
function stable (value) {
  return JSON.stringify(value, (_, each) => each && typeof each === 'object' && !Array.isArray(each)
    ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => one < other ? -1 : 1)) : each)
}
