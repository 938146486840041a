// What changed between two texts, links, files and options: removed and added marked by colour, line and, for those who
// can't see, by word.
const FILE_WORDS = { same: '', removed: ' taken off', added: ' is new', moved: ' has another place' }

export default function (component) {
  const { data, parentElement: root } = component
  const find = selector => root.querySelector(selector)
  const text = pieces(data.segments)
  find('.df').replaceChildren(...(text.length ? text : [el('span', 'none', 'No text.')]))
  find('.lks').replaceChildren(...data.links.map(([change, link]) => el('div', 'lk', icon('link'), change === 'same' ? el('span', '', link) : el(change === 'added' ? 'ins' : 'del', '', link))))
  find('.ims').replaceChildren(...data.files.map((file, at) => figure(file, at, data.files)))
  find('.told').replaceChildren(...data.told.map(([title, before, after]) => el('div', 'fact', el('span', 'none', title + ': '), ...pieces(compared(before, after)))),
    ...(data.comment.length ? [el('div', 'fact', el('span', 'none', 'First comment: '), ...pieces(data.comment))] : []))
}

function compared (before, after) {
  if (before === after) return [['same', after]]
  return [['removed', before], ['added', after]].filter(([, words]) => words)
}

function figure ({ change, address, mime, kind, name, alt }, at, files) {
  const many = files.filter(each => each.change !== 'removed').length > 1
  const called = (name ?? kind[0].toUpperCase() + kind.slice(1)) + (many && change !== 'removed' && !name ? ' ' + (at + 1) : '')
  const words = called + FILE_WORDS[change]
  const shown = kind === 'image' ? el('img') : kind === 'video' ? el('video') : el('span', 'file', icon('description'))
  if (kind === 'image') Object.assign(shown, { src: address, alt: words })
  if (kind === 'video') { Object.assign(shown, { src: address, muted: true, preload: 'metadata', tabIndex: -1 }); shown.setAttribute('aria-label', words) }
  const described = alt.length ? el('span', 'alt', ...pieces(alt)) : null
  return el('figure', change, shown, el('figcaption', '', el('span', 'what', words), described))
}

function pieces (segments) {
  return segments.map(([change, text]) => {
    if (change === 'same') return document.createTextNode(text)
    return el(change === 'added' ? 'ins' : 'del', '', el('span', 'sr', change === 'added' ? '[added] ' : '[removed] '), text)
  })
}
