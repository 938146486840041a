// Making elements. What people wrote only ever becomes a text node.
function el (tag, classes, ...children) {
  const element = document.createElement(tag)
  if (classes) element.className = classes
  element.append(...children.filter(child => child !== null && child !== undefined && child !== ''))
  return element
}

function icon (name) {
  const element = el('span', 'ic', name)
  element.setAttribute('aria-hidden', 'true')
  return element
}

// A state as people see it: colour, icon and word, the same everywhere.
function badge (shown) {
  const element = el('span', 'badge c-' + shown.color, icon(shown.icon), el('span', 'label', shown.label))
  if (shown.words !== shown.label) element.title = shown.words
  return element
}

// Two letters for an account or a person without a picture.
function initials (name) {
  const words = name.normalize('NFC').split(/[\s\-_.]+/).filter(word => /[\p{L}\p{N}]/u.test(word))
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0] ?? '?']
  return letters.map(word => [...word.replace(/^[^\p{L}\p{N}]+/u, '')][0] ?? '').join('').toUpperCase()
}

function avatar (name, color) {
  const element = el('span', 'av', initials(name))
  element.style.setProperty('--own', color)
  element.setAttribute('aria-hidden', 'true')
  return element
}

function dot (network) {
  const element = el('i', 'dot')
  element.style.background = network.color
  element.title = network.title
  return element
}

// Draw a part anew only when it shows something else than before: an element that is replaced between the press and the
// release of a mouse button never gets its click.
const DRAWN = new WeakMap()
function unlessSame (part, shown, draw) {
  const key = JSON.stringify(shown)
  if (DRAWN.get(part) === key) return
  DRAWN.set(part, key)
  draw()
}
