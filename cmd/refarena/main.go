// Command refarena finds out whether the points that a pointing model answers work: it shows the model cluttered tables, lets a robot
// act on the answers with real physics, and says what came of it. See `refarena --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/refarena/refarena/robots"
	"github.com/refarena/refarena/scenes"
	"github.com/refarena/refarena/scenes/objectfile"
	"github.com/refarena/refarena/tasks"
)

// Exit statuses.
const (
	exitOK       = 0 // everything was judged
	exitUndone   = 1 // something was not
	exitBadUsage = 2 // the command makes no sense as given
)

// The command line. Each command's struct has its flags, and a Run.
type commandLine struct {
	Version kong.VersionFlag `help:"Print the version and quit."`
	Own     string           `name:"objects" placeholder:"DIR" help:"Also the objects of your own in this folder, in every scene that may have any: see docs/objects.md."`

	View    viewCommand    `cmd:"" help:"Watch an episode, go back in it, point yourself, and try what would have happened; in a window or, with --web, in a browser."`
	Eval    evalCommand    `cmd:"" help:"Run the episodes of a suite and score them."`
	Task    taskCommand    `cmd:"" help:"Check suite files; list suites and the conditions that tasks can ask for."`
	Report  reportCommand  `cmd:"" help:"Write the report of runs as a web page, and print it in short."`
	Verify  verifyCommand  `cmd:"" help:"Play a run again from its record and compare, bit for bit."`
	Compare compareCommand `cmd:"" help:"Compare runs of one suite, episode by episode: better, worse, or cannot tell."`
	Merge   mergeCommand   `cmd:"" help:"Join runs of different seeds, or the parts that eval --shard played, into one run."`
	Point   pointCommand   `cmd:"" help:"Ask where to point in a picture of your own."`
	Render  renderCommand  `cmd:"" help:"Write what the camera sees at the start of an episode: RGB, depth and ids as PNG."`
	Export  exportCommand  `cmd:"" help:"Write a scene (glTF, MJCF) or a run (Parquet, CSV, JUnit, MCAP, LeRobot, videos) for other programs."`
	Gen     genCommand     `cmd:"" help:"Make scenes and instructions about them; --stats says how they are distributed, --out writes training data."`
	Bench   benchCommand   `cmd:"" help:"Measure this machine: physics, pictures, kinematics, whole episodes."`
	Scene   sceneCommand   `cmd:"" help:"Make a scene and keep it, or check scene files."`
	Objects objectsCommand `cmd:"" help:"Print the objects that scenes are made of, and draw them."`
	Doctor  doctorCommand  `cmd:"" help:"Say what is installed, what is missing, and what to do about it."`

	Serve      serveCommand      `cmd:"" help:"Answer over HTTP like RoboRefer's official server, on any referee."`
	Refspatial refspatialCommand `cmd:"" help:"Run and score RefSpatial-Bench, or a benchmark in its form, with any referee."`

	Worker workerCommand `cmd:"" hidden:"" help:"Play episodes for the run that started this process."`
}

// A console is where a command writes: results to out, everything else to err.
type console struct {
	out, err io.Writer
	own      *string // the folder of the user's own objects
}

// A usageError says that the command makes no sense as given.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errReported means that what went wrong has been said already.
var errReported = errors.New("not everything was judged")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: arguments in, exit status out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	type exit int // kong ends the program after --help; here it ends run
	defer func() {
		if e := recover(); e != nil {
			code, ok := e.(exit)
			if !ok {
				panic(e)
			}
			status = int(code)
		}
	}()
	var cli commandLine
	parser, err := kong.New(&cli, kong.Name("refarena"), kong.Writers(stdout, stderr), kong.Exit(func(c int) { panic(exit(c)) }),
		kong.Description("Would the point that the model returned have worked? A robot at a cluttered table finds out."),
		kong.Vars{"version": tasks.CurrentVersions().Refarena, "suites": strings.Join(tasks.SuiteNames(), ", "), "robots": strings.Join(robots.Names(), ", ")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(console{stdout, stderr, &cli.Own}))
	if err != nil {
		panic(err) // the declarations above are wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "refarena: %v (%s)\n", err, advice(err))
		return exitBadUsage
	}
	if cli.Own != "" {
		undo, err := extend(cli.Own)
		if err != nil {
			fmt.Fprintf(stderr, "refarena: %v\n", err)
			return exitBadUsage
		}
		defer undo()
	}
	switch err := k.Run(); {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitUndone
	case errors.As(err, new(usageError)):
		fmt.Fprintf(stderr, "refarena: %v\n", err)
		return exitBadUsage
	default:
		fmt.Fprintf(stderr, "refarena: %v\n", err)
		return exitUndone
	}
}

// advice says what to do about a command line that makes no sense.
func advice(err error) string {
	var at *kong.ParseError
	if s := err.Error(); errors.As(err, &at) && (strings.HasPrefix(s, "unknown flag --robot") || strings.HasPrefix(s, "unknown flag --base")) {
		command, _, _ := strings.Cut(at.Context.Command(), " <")
		if why := robotless[command]; why != "" {
			return why
		}
	}
	return "see refarena --help"
}

// robotless says of commands without --robot why they have none, and where it is.
var robotless = map[string]string{
	"compare":     "the robots are those of the runs, which may differ: eval --robot chooses one",
	"doctor":      "it looks at the machine, which is the same for all robots",
	"export run":  "the robot is that of the run: eval --robot chooses it",
	"gen":         "--robot g1-free is the G1 on its own feet", // of --base: there is a --robot
	"merge":       "the robot is that of the runs: eval --robot chooses it",
	"objects":     "objects are the same for all robots; bench grasp --robot says which one can grasp",
	"point":       "the picture is yours: render --robot g1 writes what a G1 sees, for one",
	"refspatial":  "the pictures are the benchmark's; gen --robot g1 --refspatial makes one of what a G1 sees",
	"report":      "the robots are those of the runs: eval --robot chooses one",
	"scene check": "scenes are the same for all robots: view FILE --robot puts one behind it",
	"scene make":  "scenes are the same for all robots: view FILE --robot puts one behind it",
	"serve":       "it answers questions about the pictures that it is sent: eval --robot g1 --referee http://HOST:PORT asks it",
	"task list":   "the suites are for every robot: eval and task check have --robot",
	"task words":  "the conditions are the same for every robot",
	"verify":      "the robot is that of the run: eval --robot chooses it",
}

// extend adds the objects of a user's folder to the catalogue, until undo.
func extend(dir string) (undo func(), err error) {
	own, err := objectfile.Load(dir)
	if err != nil {
		return nil, err
	}
	return scenes.Extend(own)
}
