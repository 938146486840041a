// How a post will look on a network: name, text folded where the network folds it, links, hashtags and mentions marked,
// its files.
const MARKED = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'’”]|[#＃][\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*)/u

const MENTION = /@\[([^[\]\r\n]{1,200})\]\(urn:[^()\s]{1,200}\)/u

// `mentions`: whether the network makes a mention of `@[Name](urn:...)`, of which people read the name.
function marked (text, mentions = false) {
  const pieces = mentions ? text.split(new RegExp(MENTION.source, 'gu')) : [text]
  return pieces.flatMap((piece, place) => place % 2 ? [el('span', 'mark', piece)] : piece.split(new RegExp(MARKED.source, 'gu')).map((part, index) =>
    index % 2 ? el('span', 'mark', part) : document.createTextNode(part)))
}

// `account`: {id, name, network: {key, title, color, needs_media, forms, comments, mentions, actions}, when}; `form`: one of its
// forms; `post`: {text, link, files, cover, options, comment} with files as {address, width, height, mime, alt, ...}.
// `means`: `unfolded`, a set of account ids whose "See more" was pressed, `slides`, account id -> file that is shown,
// `again` draws anew, `nothing` stands where nothing is written.
function previewCard (account, form, post, means) {
  const { network } = account, link = form.takes_link ? post.link : '', files = post.files
  const formed = network.forms.length > 1 ? ' · ' + form.title : ''
  const small = el('small', 'num', dot(network), el('span', 'cut', network.title + formed + (account.when ? ' · ' + account.when : '')))
  const who = el('div', 'who', avatar(account.name, network.color), el('div', 'names', el('b', '', account.name), small))
  const asks = form.options.filter(option => option.shape === 'poll').map(option => pollCard(post.options[option.key])).filter(Boolean)
  const something = post.text.trim() || link || files.length || asks.length
  const body = !form.takes_text ? null : something ? shownText(account, form, post.text, means) : el('div', 'txt', el('span', 'none', means.nothing))
  const shown = files.length ? shownFiles(account, form, post, means) : network.needs_media ? fileToCome(form) : null
  // Where nothing goes without an image, the image comes first and the words under it.
  const words = body ? el('div', 'in', body) : null
  const parts = network.needs_media || !form.takes_text ? [el('div', 'in', who), shown, words] : [el('div', 'in', who, body), shown]
  const card = el('div', 'card' + (isUpright(form, files) ? ' upright' : ''), ...parts, ...asks)
  if (link) {
    let host = ''
    try { host = new URL(link).hostname.replace(/^www\./, '') } catch { host = '' }
    card.append(el('div', 'lk', host ? el('span', 'host', host) : null, el('span', 'addr', link.replace(/^https?:\/\//, ''))))
  }
  if (network.actions.length && form.takes_text) card.append(el('div', 'act', ...network.actions.map(action => el('span', '', action))))
  if (network.comments && form.takes_comments && post.comment?.trim()) card.append(el('div', 'said', el('b', '', account.name), ' ', ...marked(post.comment.trim())))
  return card
}

function shownText (account, form, text, { unfolded, again }) {
  const rules = form.text, { mentions } = account.network, body = el('div', 'txt'), fits = fitting(text, rules, rules.max_length)
  if (rules.fold_at && !unfolded.has(account.id) && lengthOf(text, rules) > rules.fold_at) {
    const more = el('button', 'more', 'See more')
    more.type = 'button'
    more.onclick = () => { unfolded.add(account.id); again() }
    body.append(...marked(fitting(text, rules, rules.fold_at).trimEnd(), mentions), '… ', more)
  } else {
    body.append(...marked(fits, mentions))
    if (fits.length < text.length) body.append(el('span', 'over', text.slice(fits.length)))
  }
  return body
}

function pollCard (poll) {
  if (!poll?.question?.trim() && !poll?.answers?.some(each => each.trim())) return null
  const days = poll.days ? poll.days + (poll.days > 1 ? ' days' : ' day') : ''
  return el('div', 'poll', el('b', '', poll.question || 'The question'), ...(poll.answers ?? []).map(each => el('span', 'answer', each || 'An answer')), days ? el('small', 'quiet', days) : null)
}
