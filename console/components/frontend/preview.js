// How a post will look on a network: name, text folded where the network folds it, links and hashtags marked.
const MARKED = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'’”]|[#＃][\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*)/u

function marked (text) {
  return text.split(new RegExp(MARKED.source, 'gu')).map((part, index) =>
    index % 2 ? el('span', 'mark', part) : document.createTextNode(part))
}

// `account`: {name, network: {title, color, text: {counter, max_length, fold_at}, actions}, when}
// `unfolded`: a set of account ids whose "See more" was pressed; `again` draws anew.
function previewCard (account, text, link, unfolded, again, nothing) {
  const { network } = account, rules = network.text
  const small = el('small', 'num', dot(network), el('span', 'cut', network.title + (account.when ? ' · ' + account.when : '')))
  const who = el('div', 'who', avatar(account.name, network.color), el('div', 'names', el('b', '', account.name), small))
  const body = el('div', 'txt')
  const fits = fitting(text, rules.counter, rules.max_length)
  if (!text.trim() && !link) {
    body.append(el('span', 'none', nothing))
  } else if (rules.fold_at && !unfolded.has(account.id) && COUNTERS[rules.counter](text) > rules.fold_at) {
    const more = el('button', 'more', 'See more')
    more.type = 'button'
    more.onclick = () => { unfolded.add(account.id); again() }
    body.append(...marked(fitting(text, rules.counter, rules.fold_at).trimEnd()), '… ', more)
  } else {
    body.append(...marked(fits))
    if (fits.length < text.length) body.append(el('span', 'over', text.slice(fits.length)))
  }
  const card = el('div', 'card', el('div', 'in', who, body))
  if (link) {
    let host = ''
    try { host = new URL(link).hostname.replace(/^www\./, '') } catch { host = '' }
    card.append(el('div', 'lk', host ? el('span', 'host', host) : null, el('span', 'addr', link.replace(/^https?:\/\//, ''))))
  }
  if (network.actions.length) card.append(el('div', 'act', ...network.actions.map(action => el('span', '', action))))
  return card
}
