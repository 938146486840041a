// One post as one account will show it, for pages that only look.
const memory = new WeakMap()
export default function (component) {
  const { data, parentElement: root } = component
  if (!memory.has(root)) memory.set(root, new Set())
  const again = () => root.querySelector('.slot').replaceChildren(
    previewCard(data.account, data.post, data.image, memory.get(root), again, 'No text.'))
  again()
}
