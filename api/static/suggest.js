// Suggestions under the search field. The page works without this file.
(function () {
  "use strict";
  var field = document.querySelector("form.search input[name=q]");
  var list = document.getElementById("suggestions");
  if (!field || !list || !window.fetch) return;
  field.setAttribute("list", "suggestions");
  var asked = "";
  var timer = 0;

  function show(items) {
    list.textContent = "";
    items.forEach(function (text) {
      var option = document.createElement("option");
      option.value = text;
      list.appendChild(option);
    });
  }

  function ask() {
    var text = field.value.trim().slice(0, 50);
    if (text === asked) return;
    asked = text;
    if (!text) return show([]);
    fetch("/api/v1/suggestions?q=" + encodeURIComponent(text))
      .then(function (answer) { return answer.ok ? answer.json() : { q: text, items: [] }; })
      .then(function (found) { if (found.q === asked) show(found.items); })
      .catch(function () { show([]); });
  }

  field.addEventListener("input", function (event) {
    if (event.isComposing) return; // letters of an input method are not words yet
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, 250);
  });
  field.addEventListener("compositionend", ask);
})();
