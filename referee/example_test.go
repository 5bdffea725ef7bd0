package referee_test

import (
	"context"
	"fmt"

	"github.com/refarena/refarena/referee"
	"github.com/refarena/refarena/sim"
)

// The oracle is told the region that is right, here the right half of a grey image, and points at its middle.
func Example() {
	oracle, err := referee.Open("oracle", referee.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	query := referee.Query{Width: 8, Height: 3, RGB: make([]byte, 8*3*3), Instruction: "Please point out the right half."}
	truth := sim.Region{Width: 8, Height: 3, Mask: make([]bool, 8*3)}
	for i := range truth.Mask {
		truth.Mask[i] = i%8 >= 5
	}
	answer, err := referee.Ask(context.Background(), oracle, query, truth)
	if err != nil {
		fmt.Println(err)
		return
	}
	point, ok := referee.FirstPoint.Of(answer.Points)
	fmt.Println(answer.Text, ok, truth.Contains(point))
	// Output: [(0.8125, 0.5)] true true
}

func ExampleParsePoints() {
	for _, reply := range []string{"[(0.341, 0.510)]", "<think>two cups</think><answer>[(0.2, 0.3), (0.7, 0.3)]</answer>", "[(341, 510)]"} {
		fmt.Println(referee.ParsePoints(reply))
	}
	// Output:
	// [{0.341 0.51}] <nil>
	// [{0.2 0.3} {0.7 0.3}] <nil>
	// [] referee: reply, byte 2: x = 341 is outside [0,1]
}
