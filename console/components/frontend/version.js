// What a post says, as one value: {text, link, media, alt, variants}. A variant holds what one account gets instead,
// {text, media, alt}: text and alt null, and media 'inherit', are the post's own (core/posts/content.py).
// `scope` is what is being written: null for all accounts, else the id of one.
const AS_THE_POST = Object.freeze({ text: null, media: 'inherit', alt: null })

function variantOf (version, account) {
  return version.variants[account] ?? AS_THE_POST
}

// What an account gets, or with null what those get that have nothing of their own: `Content.of` in core.
function given (version, scope) {
  const variant = scope === null ? AS_THE_POST : variantOf(version, scope)
  const own = variant.media !== 'inherit' && variant.media !== 'none'
  const media = own ? variant.media : variant.media === 'inherit' ? version.media : null
  const alt = own ? variant.alt ?? '' : variant.alt ?? version.alt
  return { text: variant.text ?? version.text, link: version.link, media, alt: media ? alt : '' }
}

// The version with these parts of the post, or of one account's variant, changed.
function changed (version, scope, parts) {
  if (scope === null) return { ...version, ...parts }
  const variants = { ...version.variants, [scope]: { ...variantOf(version, scope), ...parts } }
  const { text, media, alt } = variants[scope]
  if (text === null && media === 'inherit' && alt === null) delete variants[scope]
  return { ...version, variants }
}

function same (one, other) {
  return Boolean(one && other) && canonical(one) === canonical(other)
}

function canonical ({ text, link, media, alt, variants }) {
  const own = Object.entries(variants).sort(([one], [other]) => one < other ? -1 : 1)
  return JSON.stringify([text, link, media, alt, own.map(([account, each]) => [account, each.text, each.media, each.alt])])
}
