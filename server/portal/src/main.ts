/** The portal's one script: everything a first look needs; what is seldom needed is loaded when it is. */
import "./style.css";
import "./shell/app.ts";
