// How a post will look on a network: name, text folded where the network folds it, links and hashtags marked.
const MARKED = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'’”]|[#＃][\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*)/u

function marked (text) {
  return text.split(new RegExp(MARKED.source, 'gu')).map((part, index) =>
    index % 2 ? el('span', 'mark', part) : document.createTextNode(part))
}

// `account`: {name, network: {key, title, color, text: {counter, max_length, fold_at, escaped}, takes_link, needs_media,
// images, actions}, when}; `post`: {text, link, alt}; `image`: {address, width, height, renditions} or nothing.
// `unfolded`: a set of account ids whose "See more" was pressed; `again` draws anew.
function previewCard (account, post, image, unfolded, again, nothing) {
  const { network } = account, link = network.takes_link ? post.link : ''
  const small = el('small', 'num', dot(network), el('span', 'cut', network.title + (account.when ? ' · ' + account.when : '')))
  const who = el('div', 'who', avatar(account.name, network.color), el('div', 'names', el('b', '', account.name), small))
  const body = post.text.trim() || link || image ? shownText(account, post.text, unfolded, again) : el('div', 'txt', el('span', 'none', nothing))
  const shown = image ? picture(account, image, post.alt, unfolded) : null
  // Where nothing goes without an image, the image comes first and the words under it.
  const parts = network.needs_media ? [el('div', 'in', who), shown, el('div', 'in', body)] : [el('div', 'in', who, body), shown]
  const card = el('div', 'card', ...parts)
  if (link) {
    let host = ''
    try { host = new URL(link).hostname.replace(/^www\./, '') } catch { host = '' }
    card.append(el('div', 'lk', host ? el('span', 'host', host) : null, el('span', 'addr', link.replace(/^https?:\/\//, ''))))
  }
  if (network.actions.length) card.append(el('div', 'act', ...network.actions.map(action => el('span', '', action))))
  return card
}

function shownText (account, text, unfolded, again) {
  const rules = account.network.text, body = el('div', 'txt'), fits = fitting(text, rules, rules.max_length)
  if (rules.fold_at && !unfolded.has(account.id) && lengthOf(text, rules) > rules.fold_at) {
    const more = el('button', 'more', 'See more')
    more.type = 'button'
    more.onclick = () => { unfolded.add(account.id); again() }
    body.append(...marked(fitting(text, rules, rules.fold_at).trimEnd()), '… ', more)
  } else {
    body.append(...marked(fits))
    if (fits.length < text.length) body.append(el('span', 'over', text.slice(fits.length)))
  }
  return body
}

// The very file the network gets, cut where the network cuts: nothing is shown wider or higher than it takes. Drawn
// again it is the same element, so that it doesn't blink at every key.
const PICTURES = new WeakMap()
function picture (account, image, alt, unfolded) {
  if (!PICTURES.has(unfolded)) PICTURES.set(unfolded, new Map())
  const kept = PICTURES.get(unfolded), form = image.renditions?.find(each => each.network === account.network.key) ?? image
  const shown = kept.get(account.id) ?? el('img', 'pic')
  kept.set(account.id, shown)
  if (shown.getAttribute('src') !== form.address) shown.src = form.address
  const [least, most] = account.network.images?.ratio ?? [0.4, Infinity]
  shown.style.aspectRatio = String(Math.min(most, Math.max(least, form.width / form.height)))
  shown.alt = alt || 'Image without a description'
  return shown
}
