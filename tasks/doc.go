// Package tasks is the exam: it asks a referee about a scene, lets a robot act on the answers, and says whether the task is done and why not.
//
// A Suite is a file of tasks: things that a scene must hold, goals in an order, conditions, budgets (suite.go, condition.go, predicate.go). NewStage makes
// of a suite and a seed what an episode begins with: a settled scene, the robot at home, the goals bound to objects (stage.go, rehearse.go). Evaluate
// plays episodes (evaluate.go, episode.go), in worker processes that may crash (process.go), and gives a Record of each: steps, answers, evidence, one
// cause for each failure (record.go, evidence.go), saved by a Journal before it counts (journal.go). What an episode does to the world besides the robot,
// and how time passes while a model thinks, is in dynamic.go.
//
// Runs are read again by Summarize, Analyze, Compare, Merge and Verify, which plays them again with the recorded answers and compares every hash
// (record.go, analysis.go, compare.go, merge.go, verify.go).
//
// A Session is an episode that somebody watches, stops, looks back at and branches (session.go, director.go, tape.go); what determined the branch is its
// Script, and a suite with a script is a scenario, which Evaluate plays (script.go).
//
// The verdict knows the truth: body ids and poses. The robot and the referee never do: they get pictures.
package tasks
