// A link that leaves the console in the same tab, dressed as a button.
export default function (component) {
  const { data, parentElement: root } = component
  const link = root.querySelector('a')
  link.className = 'aw' + (data.primary ? ' primary' : '')
  link.href = data.href
  link.replaceChildren(icon(data.icon), el('span', '', data.label))
}
