// What changed between two texts, links and images: removed and added marked by colour, line and, for those who can't
// see, by word.
const IMAGE_WORDS = { same: 'Image', removed: 'Image taken off', added: 'New image' }

export default function (component) {
  const { data, parentElement: root } = component
  const text = pieces(data.segments)
  root.querySelector('.df').replaceChildren(...(text.length ? text : [el('span', 'none', 'No text.')]))
  const lines = data.links.map(([change, link]) => el('div', 'lk', icon('link'), change === 'same' ? el('span', '', link) : el(change === 'added' ? 'ins' : 'del', '', link)))
  root.querySelector('.lks').replaceChildren(...lines)
  const shown = data.images?.shown ?? [], alt = data.images?.alt ?? []
  const changed = shown.length === 2
  const figures = shown.map(([change, address]) => {
    const words = changed ? (change === 'removed' ? 'Image before' : 'Image changed to this') : IMAGE_WORDS[change]
    const image = el('img')
    image.src = address
    image.alt = words
    return el('figure', change, image, el('figcaption', '', words))
  })
  const described = alt.length ? el('div', 'alt', el('span', 'none', 'Description: '), ...pieces(alt)) : null
  root.querySelector('.ims').replaceChildren(...figures, ...(described ? [described] : []))
}

function pieces (segments) {
  return segments.map(([change, text]) => {
    if (change === 'same') return document.createTextNode(text)
    return el(change === 'added' ? 'ins' : 'del', '', el('span', 'sr', change === 'added' ? '[added] ' : '[removed] '), text)
  })
}
