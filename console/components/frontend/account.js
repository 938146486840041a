// An account by its initials, name and network.
export default function (component) {
  const { data, parentElement: root } = component
  const name = el('b', '', data.name)
  name.title = data.name
  root.querySelector('.ab').replaceChildren(avatar(data.name, data.network.color),
    el('span', 'n', name, el('small', '', dot(data.network), el('span', 'cut', data.network.title + (data.note ? ' · ' + data.note : '')))))
}
