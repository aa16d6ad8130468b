/* Dash says nothing when one of its requests fails: look at each, and tell the page in words. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const native = root.fetch.bind(root);

  root.fetch = async function (resource, options) {
    const url = String((resource && resource.url) || resource);
    if (!url.includes("_dash-update-component")) return native(resource, options);
    const asked = String(options && options.body).includes(`"output":"${lv.ids.summary}.`) ? lv.summary : lv.matches;
    let answer;
    try {
      answer = await native(resource, options);
    } catch (error) {
      lv.server.lost();
      asked.lost("the server does not answer; is it still running?");
      throw error;
    }
    if (!answer.ok) asked.lost(`the server answered ${answer.status}; its log may say why`);
    return answer;
  };
})(window);
