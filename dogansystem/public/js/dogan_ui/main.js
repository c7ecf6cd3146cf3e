// The page of `dogansystem ui`: the canvas, the runs and the approvals of a sandbox.

import { createApp } from "vue";
import App from "./App.vue";
import { host } from "./host";
import "./page.css";

const app = createApp(App);
app.config.globalProperties.__ = host.__;
app.mount("#app");
