/* A class on this page: the teacher's side or a student's, as the server says whose page it is. */

import { classRole } from "../store/class-role.mjs";
import { beginStudent, classNews, isFollowing } from "../store/class-student.mjs";
import { beginTeacher } from "../store/class-teacher.mjs";
import { makeBand } from "./band.mjs";
import { makePanel } from "./panel.mjs";
import { makeStage } from "./stage.mjs";

/* Returns what tests ask of it. */
export function makeClass() {
  if (classRole() === "student") {
    makeBand();
    beginStudent();
  } else if (classRole() === "teacher") {
    makeStage();
    makePanel();
    beginTeacher();
  }
  return { classNews, isFollowing };
}
