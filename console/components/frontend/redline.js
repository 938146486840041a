// What changed between two texts: removed and added words marked by colour, line and, for those who can't see, by word.
export default function (component) {
  const { data, parentElement: root } = component
  const pieces = data.segments.map(([change, text]) => {
    if (change === 'same') return document.createTextNode(text)
    return el(change === 'added' ? 'ins' : 'del', '', el('span', 'sr', change === 'added' ? '[added] ' : '[removed] '), text)
  })
  root.querySelector('.df').replaceChildren(...(pieces.length ? pieces : [el('span', 'none', 'No text.')]))
  const lines = data.links.map(([change, link]) => el('div', 'lk', icon('link'), change === 'same' ? el('span', '', link) : el(change === 'added' ? 'ins' : 'del', '', link)))
  root.querySelector('.lks').replaceChildren(...lines)
}
